"""echo.py ADDRESS - holds one connection to a guest's echo service until its standard input ends, then tells the longest
that an echo took. Run inside the host by cloud_kills.py: a guest whose network falters shows here."""
import select
import socket
import sys
import time

PERIOD, BROKEN = 0.1, 30.0


def main(address):
    link = socket.create_connection((address, 7), timeout=BROKEN)
    print("connected", flush=True)
    count, longest = 0, 0.0
    while not select.select([sys.stdin], [], [], PERIOD)[0]:
        word = f"{count}\n".encode()
        begin = time.monotonic()
        link.sendall(word)
        got = b""
        while len(got) < len(word):
            piece = link.recv(len(word) - len(got))
            if not piece:
                sys.exit(f"the guest closed the connection after {count}")
            got += piece
        if got != word:
            sys.exit(f"{got!r} came back for {word!r}")
        count, longest = count + 1, max(longest, time.monotonic() - begin)
    print(count, round(longest, 3))


main(sys.argv[1])
