import Benchmark
import CLinux
import Glibc
import Multifd

/// Syncs of 2 GiB of which more and more pages were written, one of them beside the ioctl that it is made of, on the same
/// memory.
func dirtyLogs() {
    guard let block = try? RAMBlock(name: "ram", byteCount: 2 << 30),
        let memory = try? GuestMemory(blocks: [block]), let log = try? KernelDirtyLog(memory: memory)
    else { return print("dirty log: this kernel has none") }
    let start = block.start
    func write(every step: Int) {
        for page in stride(from: 0, to: block.pageCount, by: step) {
            start.storeBytes(of: UInt8(truncatingIfNeeded: page), toByteOffset: page << Page.shift, as: UInt8.self)
        }
    }
    memset(start, 1, block.byteCount)
    guard (try? log.start()) != nil else { return print("dirty log: it does not start") }

    let regions = UnsafeMutablePointer<CLinux_page_region>.allocate(capacity: block.pageCount / 8)
    let descriptor = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
    let few = Benchmark.Configuration(metrics: [.wallClock, .cpuTotal], warmupIterations: 2, maxIterations: 30)
    Benchmark("dirty log: bare ioctl, every eighth page of 2 GiB", configuration: few) { benchmark in
        write(every: 8)
        var argument = CLinux_pm_scan_arg()
        argument.flags = CLinux_PM_SCAN_WP_MATCHING | CLinux_PM_SCAN_CHECK_WPASYNC
        argument.category_mask = CLinux_PAGE_IS_WRITTEN
        argument.return_mask = CLinux_PAGE_IS_WRITTEN
        argument.start = UInt64(UInt(bitPattern: start))
        argument.end = argument.start + UInt64(block.byteCount)
        argument.vec = UInt64(UInt(bitPattern: regions))
        argument.vec_len = UInt64(block.pageCount / 8)
        benchmark.startMeasurement()
        let count = CLinux_pagemap_scan(descriptor, &argument)
        benchmark.stopMeasurement()
        if Int(count) != block.pageCount / 8 { benchmark.error("found \(count) pages") }
    }
    var bitmap = MigrationBitmap(of: memory)
    for (name, step) in [("every", 1), ("every eighth", 8), ("every 64th", 64), ("one", block.pageCount)] {
        Benchmark("dirty log: sync, \(name) page of 2 GiB", configuration: few) { benchmark in
            write(every: step)
            benchmark.startMeasurement()
            try log.sync(0..<block.pageCount, ofBlock: 0, into: &bitmap)
            benchmark.stopMeasurement()
            if bitmap.population != block.pageCount / step { benchmark.error("found \(bitmap.population) pages") }
            bitmap.removeAll()
        }
    }
}
