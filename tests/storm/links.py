"""links.py - stands between children and their parents, byte by byte, and spoils what passes: late, cut, reset, half open, garbage.

One listener a link, on the address where the tiers meet; what TLS makes of it is theirs to see. Runs in a thread of its own."""
import asyncio
import contextlib
import random
import socket
import struct
import threading

MODES = ("late", "cut", "half-open", "garbage", "slow")
FREEBIND = 15  # IP_FREEBIND: the address comes with the lab


class Link:
    """One way to a parent. mode None = whole."""

    def __init__(self, target, seed):
        self.target, self.mode, self.rng = target, None, random.Random(seed)
        self.writers, self.connections, self.spoiled = set(), 0, 0
        self.changed = asyncio.Condition()

    async def accepted(self, reader, writer):
        self.connections += 1
        if self.mode == "cut":
            self.reset(writer)
            return
        try:
            up = await asyncio.open_connection(*self.target)
        except OSError:
            self.reset(writer)
            return
        self.writers |= {writer, up[1]}
        await asyncio.gather(self.pump(reader, up[1]), self.pump(up[0], writer))
        self.writers -= {writer, up[1]}

    async def pump(self, reader, writer):
        try:
            while data := await reader.read(16384):
                writer.write(await self.spoil(data))
                await writer.drain()
            writer.write_eof()
        except (OSError, RuntimeError):
            pass
        finally:
            writer.close()

    async def spoil(self, data):
        mode = self.mode
        self.spoiled += mode is not None
        if mode == "late":
            await asyncio.sleep(self.rng.uniform(0.05, 0.8))
        elif mode == "slow":
            await asyncio.sleep(len(data) / 4096)
        elif mode == "half-open":
            async with self.changed:
                await self.changed.wait_for(lambda: self.mode != "half-open")
        elif mode == "garbage":
            at = self.rng.randrange(len(data))
            return data[:at] + self.rng.randbytes(min(64, len(data) - at)) + data[at + 64:]
        return data

    @staticmethod
    def reset(writer):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def set(self, mode):
        async with self.changed:
            self.mode = mode
            self.changed.notify_all()
        if mode in ("cut", None) or self.rng.random() < 0.5:
            for writer in list(self.writers):
                self.reset(writer)


class Links:
    """`targets`: {name: (port to listen on, port of the parent)}, all on one address."""

    def __init__(self, address, targets, seed):
        self.loop = asyncio.new_event_loop()
        self.links, self.ready = {}, threading.Event()
        threading.Thread(target=self.run, args=(address, targets, seed), daemon=True).start()
        if not self.ready.wait(10):
            raise RuntimeError("the links between the tiers cannot be opened")

    def run(self, address, targets, seed):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.open(address, targets, seed))
        self.ready.set()
        self.loop.run_forever()

    async def open(self, address, targets, seed):
        for name, (here, there) in targets.items():
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.IPPROTO_IP, FREEBIND, 1)
            listener.bind((address, here))
            self.links[name] = Link((address, there), f"{seed} {name}")
            await asyncio.start_server(self.links[name].accepted, sock=listener)

    def set(self, name, mode):
        asyncio.run_coroutine_threadsafe(self.links[name].set(mode), self.loop).result(10)

    def heal(self):
        for name, link in self.links.items():
            if link.mode is not None:
                self.set(name, None)
