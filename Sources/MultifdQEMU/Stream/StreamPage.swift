/// A page that a record is about.
package struct StreamPage: Equatable {
    /// The RAMBlock's index in the list.
    package var block: Int
    package var page: Int

    package init(block: Int, page: Int) {
        self.block = block
        self.page = page
    }
}
