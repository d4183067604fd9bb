"""Records what a QEMU sends to a QEMU, connection by connection, and sends it again to any destination."""
import os, socket, struct, threading, time

# SHUT with the value 0, which a destination says on the main connection when the guest is in.
LOADED = struct.pack(">HHI", 1, 4, 0)
MAIN = b"QEVM"


class Recording(threading.Thread):
    """Stands between source and destination, and keeps what the source says on each connection in a file of its own."""

    def __init__(self, folder, destination):
        super().__init__(daemon=True)
        self.folder, self.destination, self.paths, self.pumps = folder, destination, [], []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.uri = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            try:
                source, _ = self.listener.accept()
            except OSError:
                return
            destination = connect(self.destination)
            path = os.path.join(self.folder, f"stream-{len(self.paths)}")
            self.paths.append(path)
            for arguments in ((source, destination, open(path, "wb")), (destination, source, None)):
                self.pumps.append(threading.Thread(target=pump, args=arguments, daemon=True))
                self.pumps[-1].start()

    def end(self):
        """Waits for the source's end. The recording is the files' paths, in the order of the connections."""
        for thread in self.pumps:
            thread.join(10)
        self.listener.close()
        return self.paths


def pump(source, destination, file):
    try:
        while piece := source.recv(1 << 20):
            if file:
                file.write(piece)
            destination.sendall(piece)
        destination.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one end has gone: so has the other
    finally:
        if file:
            file.close()


def connect(uri):
    host, port = uri.split(":")[1:]
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send_file(path, connection):
    with open(path, "rb") as file:
        offset, end = 0, os.path.getsize(path)
        while offset < end:
            offset += os.sendfile(connection.fileno(), file.fileno(), offset, min(end - offset, 1 << 20))


def play(paths, uri):
    """Sends a recording, each connection as fast as the destination reads it. Returns the seconds until the destination
    has said that the guest is in."""
    begin = time.monotonic()
    connections = [connect(uri) for _ in paths]
    senders = [threading.Thread(target=send_file, args=pair, daemon=True) for pair in zip(paths, connections)]
    for thread in senders:
        thread.start()
    main = next(c for path, c in zip(paths, connections) if open(path, "rb").read(len(MAIN)) == MAIN)
    main.settimeout(120)
    answers = b""
    while LOADED not in answers:
        piece = main.recv(4096)
        if not piece:
            raise SystemExit(f"the destination closed after answering {answers.hex()}")
        answers += piece
    seconds = time.monotonic() - begin
    for thread in senders:
        thread.join()
    for connection in connections:
        connection.close()
    return seconds
