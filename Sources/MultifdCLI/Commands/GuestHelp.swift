/// How a built-in guest is written, for the help of the commands that take one. Lines fit into 80 columns.
enum GuestHelp {
    static let text = """
          workload:NAME, and then any of these, separated by commas:
            ram=1GiB           memory
            vcpus=2            virtual CPUs
            writers=1          how many of them write; the others idle
            working-set=50MiB  what the guest keeps rewriting
            rate=200MB/s       how fast; without it, as fast as it goes
            fill=mixed         what memory holds: mixed, zero, random, text,
                               compressible:0.4
            image=FILE         what it holds at first, from a file instead
            blocks=1           RAMBlocks that the memory is divided into
            seed=7             another run of the same program
          Working set and rate are of the whole guest. NAME is one of
            idle, stress (each page in turn), random, hotset (a few pages most
            of the time), counter (a few bytes a page), mixed
        """
}
