import { spawn } from "node:child_process";
import { once } from "node:events";
import { link, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLiveWorld } from "../../shared/live-world.ts";
import type { ChannelHandlers } from "../../shared/world.ts";
import { worldContract } from "../contracts/world-contract.ts";

const world = createLiveWorld();
const anyAddress = { host: "127.0.0.1", port: 0 } as const;
const channelOptions = { protocols: ["plain"], messageBytesMax: 1_000 };
const silent: ChannelHandlers = { message: () => undefined, close: () => undefined };

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "pippin-world-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A server that does with its connections what `onSocket` says. */
async function rawServer(onSocket: (socket: Socket, count: number) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    onSocket(socket, sockets.push(socket));
  });
  return listening(server, () => sockets.forEach((socket) => socket.destroy()));
}

async function listening(server: Server, onClose: () => void = () => undefined): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    onClose();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the live world", () => {
  worldContract(async () => ({
    server: world,
    client: world,
    directory: await temporaryDirectory(),
    run: (main) => main(),
  }));
});

describe("live HTTP", () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok";

  /** Answers the first request of a connection and hangs up at the second one, as a server that just timed it out. */
  const hangsUpOnReuse = () =>
    rawServer((socket) => {
      let requests = 0;
      socket.on("data", () => {
        requests += 1;
        if (requests === 1) socket.write(answer);
        else socket.destroy();
      });
    });

  it("sends a GET again when a kept-alive socket turns out to be dead", async () => {
    const host = await hangsUpOnReuse();
    expect((await world.request(`http://${host}/`)).status).toBe(200);
    expect((await world.request(`http://${host}/`)).body.toString()).toBe("ok");
  });

  it("does not send a POST again: nobody knows whether it was performed", async () => {
    const host = await hangsUpOnReuse();
    const post = () => world.request(`http://${host}/`, { method: "POST", body: "x" });
    expect((await post()).status).toBe(200);
    await expect(post()).rejects.toMatchObject({ code: "reset" });
  });

  it("does not take half an answer for a whole one", async () => {
    const host = await rawServer((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
    });
    await expect(world.request(`http://${host}/`)).rejects.toMatchObject({ code: "reset" });
  });

  it("does not take nonsense for an answer", async () => {
    const host = await rawServer((socket) => {
      socket.once("data", () => socket.end("220 mail.example ready\r\n"));
    });
    await expect(world.request(`http://${host}/`)).rejects.toMatchObject({ name: "NetworkError" });
  });

  it("keeps one connection open for requests that follow each other", async () => {
    const ports = new Set<number | undefined>();
    const server = createHttpServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("ok");
    });
    const host = await listening(server, () => server.closeAllConnections());
    for (let count = 0; count < 5; count++) await world.request(`http://${host}/`);
    expect(ports.size).toBe(1);
  });
});

describe("live listeners", () => {
  it("leave the global Request and Response as they were", async () => {
    const { Request: request, Response: response } = globalThis;
    const listener = await world.serve({ ...anyAddress, handle: () => new Response("ok") });
    await world.request(listener.url);
    await listener.close();
    expect(globalThis.Request).toBe(request);
    expect(globalThis.Response).toBe(response);
  });

  it.each([
    ["an upgrade without a key", "GET /channel HTTP/1.1", "Sec-WebSocket-Protocol: plain", 400],
    ["an upgrade that offers no protocol", "GET /channel HTTP/1.1", "X-Nothing: 1", 400],
    ["an upgrade elsewhere", "GET /elsewhere HTTP/1.1", "Sec-WebSocket-Protocol: plain", 404],
    ["an upgrade by POST", "POST /channel HTTP/1.1", "Sec-WebSocket-Protocol: plain", 405],
  ])("refuse %s and go on serving", async (_name, requestLine, header, status) => {
    const listener = await world.serve({
      ...anyAddress,
      handle: () => new Response("ok"),
      channels: { "/channel": { ...channelOptions, channelsMax: 5, open: () => silent } },
    });
    onTestFinished(() => listener.close());
    const socket = connectTcp(listener.port, listener.host);
    socket.write(
      `${requestLine}\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${header}\r\n\r\n`,
    );
    let received = "";
    socket.on("data", (data) => (received += data.toString()));
    await once(socket, "close");
    expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await world.request(listener.url)).status).toBe(200);
  });

  it("say when an address is not theirs to listen at", async () => {
    const elsewhere = { host: "203.0.113.1", port: 0, handle: () => new Response("ok") };
    await expect(world.serve(elsewhere)).rejects.toMatchObject({ code: "address_not_available" });
  });
});

describe("live channels", () => {
  it("give up on a server that accepts the connection and says nothing", async () => {
    const host = await rawServer(() => undefined);
    const attempt = world.connect(`ws://${host}/`, { ...channelOptions, timeoutMs: 50 }, silent);
    await expect(attempt).rejects.toMatchObject({ code: "timeout" });
  });

  it("take an answer that is no consent for a refusal", async () => {
    const host = await rawServer((socket) => {
      socket.once("data", () => {
        socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      });
    });
    const attempt = world.connect(`ws://${host}/`, channelOptions, silent);
    await expect(attempt).rejects.toMatchObject({ code: "upgrade_refused", status: undefined });
  });
});

describe("the live disk", () => {
  /** What a holder leaves that was killed: the name of a socket at which nobody listens. */
  async function leaveDeadLock(directory: string): Promise<void> {
    const bound = join(directory, "socket");
    const server = createServer().listen(bound);
    await once(server, "listening");
    await link(bound, join(directory, ".pippin-lock"));
    server.close();
    await once(server, "close");
  }

  it("keeps what it writes from other users", async () => {
    const directory = join(await temporaryDirectory(), "data");
    await world.disk.makeDirectory(directory);
    await world.disk.writeFileAtomic(join(directory, "state"), "secret");
    await (await world.disk.openAppend(join(directory, "journal"))).close();
    const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await modeOf(directory)).toBe("700");
    expect(await modeOf(join(directory, "state"))).toBe("600");
    expect(await modeOf(join(directory, "journal"))).toBe("600");
  });

  it("leaves the file as it was, and nothing else, when a replacement fails", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "taken"));
    await expect(world.disk.writeFileAtomic(join(directory, "taken"), "x")).rejects.toMatchObject({
      code: "io",
    });
    expect(await readdir(directory)).toEqual(["taken"]);
  });

  it("refuses a lock that another process holds, and takes it over once that was killed", async () => {
    const directory = await temporaryDirectory();
    const script = join(import.meta.dirname, "../fixtures/hold-lock.ts");
    const holder = spawn(process.execPath, ["--import", "tsx", script, directory], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void holder.kill("SIGKILL"));
    const [said] = (await once(holder.stdout, "data")) as [Buffer];
    expect(said.toString()).toBe("holding\n");
    await expect(world.disk.lock(directory)).rejects.toMatchObject({ code: "locked" });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const lock = await world.disk.lock(directory);
    await expect(world.disk.lock(directory)).rejects.toMatchObject({ code: "locked" });
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it("lets one of many win who find a dead lock at the same moment", async () => {
    for (let round = 0; round < 10; round++) {
      const directory = await temporaryDirectory();
      await leaveDeadLock(directory);
      const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => world.disk.lock(directory)));
      const winners = attempts.filter((attempt) => attempt.status === "fulfilled");
      const codes = attempts.flatMap((attempt) =>
        attempt.status === "rejected" ? [attempt.reason.code] : [],
      );
      expect(winners.length, codes.join()).toBe(1);
      expect(codes).toEqual(codes.map(() => "locked"));
      await expect(world.disk.lock(directory)).rejects.toMatchObject({ code: "locked" });
      for (const { value } of winners) await value.release();
      await (await world.disk.lock(directory)).release();
    }
  });

  it("locks a folder whose path is too long for a socket's address", async () => {
    const directory = join(await temporaryDirectory(), "x".repeat(120));
    await world.disk.makeDirectory(directory);
    const lock = await world.disk.lock(directory);
    await expect(world.disk.lock(directory)).rejects.toMatchObject({ code: "locked" });
    await lock.release();
    await (await world.disk.lock(directory)).release();
  });

  it("sweeps up half-written replacements when it locks a folder", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, ".pippin-0123456789abcdef.tmp"), "half");
    await writeFile(join(directory, "other.tmp"), "somebody else's");
    const lock = await world.disk.lock(directory);
    await lock.release();
    expect(await readdir(directory)).toEqual(["other.tmp"]);
  });
});
