import { createHash } from "node:crypto";
import { posix } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import {
  DiskError,
  NetworkError,
  type Channel,
  type ChannelEndpoint,
  type ChannelHandlers,
  type Listener,
  type ServeOptions,
  type World,
} from "../../shared/world.ts";

/** What the contract needs to know about a world. */
export interface WorldUnderTest {
  /** Two programs on one machine; they may be the same one. */
  readonly server: World;
  readonly client: World;
  /** A fresh folder on the server's disk. */
  readonly directory: string;
  /** Lets the world go on until `main` is done. */
  run(main: () => Promise<void>): Promise<void>;
}

interface Message {
  readonly data: Buffer;
  readonly isText: boolean;
}

/** One end of a channel as a test sees it: what arrived, and how it ended. */
class Inbox implements ChannelHandlers {
  readonly messages: Message[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  closeCount = 0;
  #onClose: (end: { code: number; reason: string }) => void = () => undefined;
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor() {
    this.closed = new Promise((resolve) => (this.#onClose = resolve));
  }

  message(data: Buffer, isText: boolean): void {
    this.messages.push({ data, isText });
    if (this.#waiting && this.messages.length >= this.#waiting.count) this.#waiting.resolve();
  }

  close(code: number, reason: string): void {
    this.closeCount += 1;
    this.#onClose({ code, reason });
  }

  /** Resolves once so many messages are there. */
  async hasReceived(count: number): Promise<void> {
    if (this.messages.length >= count) return;
    await new Promise<void>((resolve) => (this.#waiting = { count, resolve }));
  }

  get texts(): string[] {
    return this.messages.map(({ data }) => data.toString());
  }
}

const anyAddress = { host: "127.0.0.1", port: 0 } as const;
const clientOptions = { protocols: ["plain"], messageBytesMax: 1024 };

function codeOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => "nothing went wrong",
    (error: unknown) => (error instanceof NetworkError || error instanceof DiskError ? error.code : error),
  );
}

function digestOf(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** What every World promises, whether it is this machine or a simulation of one. */
export function worldContract(open: () => Promise<WorldUnderTest>): void {
  const inWorld = (body: (world: WorldUnderTest) => Promise<void>) => async () => {
    const world = await open();
    await world.run(() => body(world));
  };

  async function serve(world: World, options: Partial<ServeOptions> = {}): Promise<Listener> {
    const listener = await world.serve({ ...anyAddress, handle: () => new Response("ok"), ...options });
    if (world.kind === "live") onTestFinished(() => listener.close());
    return listener;
  }

  /** A server with one endpoint, a client connected to it, and what each of them receives. */
  async function connectPair(world: WorldUnderTest, endpoint: Partial<ChannelEndpoint> = {}) {
    const atServer = new Inbox();
    const serverEnds: Channel[] = [];
    const peers: string[] = [];
    const listener = await serve(world.server, {
      channels: {
        "/channel": {
          protocols: ["fancy", "plain"],
          messageBytesMax: 1024,
          channelsMax: 10,
          open: (channel, peer) => {
            serverEnds.push(channel);
            peers.push(peer.address);
            return atServer;
          },
          ...endpoint,
        },
      },
    });
    const atClient = new Inbox();
    const clientEnd = await world.client.connect(channelUrl(listener), clientOptions, atClient);
    const [serverEnd] = serverEnds;
    if (!serverEnd) throw new Error("the server was not told of the channel");
    return { listener, atServer, atClient, serverEnd, clientEnd, peers };
  }

  const channelUrl = (listener: Listener, path = "/channel") => listener.url.replace("http", "ws") + path;

  it(
    "carries method, path, query, headers and body of a request to the listener",
    inWorld(async ({ server, client }) => {
      let seen: unknown;
      const { url } = await serve(server, {
        handle: async (request, peer) => {
          const { pathname, searchParams } = new URL(request.url);
          seen = {
            method: request.method,
            pathname,
            page: searchParams.get("page"),
            header: request.headers.get("X-Colour"),
            body: await request.text(),
            from: peer.address,
          };
          return new Response(null, { status: 204 });
        },
      });
      const answer = await client.request(`${url}/a/b?page=2`, {
        method: "PUT",
        headers: { "x-colour": "grün".normalize("NFC").replace("ü", "ue") },
        body: "Äpfel",
      });
      expect(answer.status).toBe(204);
      expect(answer.body.length).toBe(0);
      expect(seen).toEqual({
        method: "PUT",
        pathname: "/a/b",
        page: "2",
        header: "gruen",
        body: "Äpfel",
        from: "127.0.0.1",
      });
    }),
  );

  it(
    "carries status, headers in lower case and the body of an answer, byte for byte",
    inWorld(async ({ server, client }) => {
      const body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
      const { url } = await serve(server, {
        handle: async (request) => {
          const received = Buffer.from(await request.arrayBuffer());
          return new Response(received, {
            status: 418,
            headers: { "X-Flavour": "Pippin", "content-type": "application/octet-stream" },
          });
        },
      });
      const answer = await client.request(url, { method: "POST", body });
      expect(answer.status).toBe(418);
      expect(answer.headers["x-flavour"]).toBe("Pippin");
      expect(answer.headers["content-type"]).toBe("application/octet-stream");
      expect(digestOf(answer.body)).toBe(digestOf(body));
    }),
  );

  it(
    "keeps many exchanges at once apart",
    inWorld(async ({ server, client }) => {
      const { url } = await serve(server, { handle: (request) => new Response(new URL(request.url).search) });
      const numbers = Array.from({ length: 40 }, (_, index) => index);
      const answers = await Promise.all(numbers.map((number) => client.request(`${url}/?${number}`)));
      expect(answers.map(({ body }) => body.toString())).toEqual(numbers.map((number) => `?${number}`));
    }),
  );

  it(
    "gathers an answer that is streamed in pieces",
    inWorld(async ({ server, client }) => {
      const { url } = await serve(server, {
        handle: () => {
          let piece = 0;
          const stream = new ReadableStream({
            async pull(controller) {
              await server.sleep(1);
              piece += 1;
              controller.enqueue(Buffer.from(`${piece}`));
              if (piece === 5) controller.close();
            },
          });
          return new Response(stream);
        },
      });
      expect((await client.request(url)).body.toString()).toBe("12345");
    }),
  );

  /** An answer that the test sends piece by piece, and what became of it. */
  function openStream() {
    let cancel: () => void = () => undefined;
    const cancelled = new Promise<void>((resolve) => (cancel = resolve));
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
      cancel: () => cancel(),
    });
    return {
      answer: () => new Response(body, { status: 201, headers: { "content-type": "text/event-stream" } }),
      send: (text: string) => controller?.enqueue(Buffer.from(text)),
      end: () => controller?.close(),
      break: () => controller?.error(new Error("a bug")),
      cancelled,
    };
  }

  /** What a client takes of a streamed answer. */
  class Taken {
    text = "";
    status = 0;
    type: string | undefined;
    readonly #abort = new AbortController();
    #waiting: { text: string; resolve: () => void } | undefined;

    readonly stream = {
      head: (status: number, headers: Readonly<Record<string, string>>) => {
        expect(this.text).toBe("");
        this.status = status;
        this.type = headers["content-type"];
        this.#look();
      },
      piece: (data: Buffer) => {
        this.text += data.toString();
        this.#look();
      },
      signal: this.#abort.signal,
    };

    /** Resolves once the answer has begun and so much of it is there. */
    async has(text: string): Promise<void> {
      if (this.status !== 0 && this.text === text) return;
      await new Promise<void>((resolve) => (this.#waiting = { text, resolve }));
    }

    stop(): void {
      this.#abort.abort();
    }

    #look(): void {
      if (this.#waiting && this.status !== 0 && this.text === this.#waiting.text) this.#waiting.resolve();
    }
  }

  it(
    "hands a streamed answer on piece by piece while it is still under way, and resolves at its end",
    inWorld(async ({ server, client }) => {
      const stream = openStream();
      const { url } = await serve(server, { handle: stream.answer });
      const taken = new Taken();
      const exchange = client.request(url, { stream: taken.stream, timeoutMs: 500, bodyBytesMax: 2 });
      await taken.has("");
      stream.send("one");
      await taken.has("one");
      // Longer than the time an answer has to begin.
      await server.sleep(600);
      stream.send(" two");
      await taken.has("one two");
      expect([taken.status, taken.type]).toEqual([201, "text/event-stream"]);
      stream.end();
      expect(await exchange).toMatchObject({ status: 201, body: Buffer.alloc(0) });
      // A client that takes answers whole is served beside it.
      const whole = await client.request((await serve(server)).url);
      expect(whole.body.toString()).toBe("ok");
    }),
  );

  it(
    "tells a client of streams of an answer that has no body, or all of it at once",
    inWorld(async ({ server, client }) => {
      const { url } = await serve(server, {
        handle: (request) =>
          request.url.endsWith("/whole") ? new Response("all") : new Response(null, { status: 204 }),
      });
      const empty = new Taken();
      expect((await client.request(url, { method: "POST", stream: empty.stream })).status).toBe(204);
      const whole = new Taken();
      await client.request(`${url}/whole`, { stream: whole.stream });
      expect([empty.status, empty.text, whole.status, whole.text]).toEqual([204, "", 200, "all"]);
    }),
  );

  it(
    "cancels a streamed answer whose client has gone",
    inWorld(async ({ server, client }) => {
      const stream = openStream();
      const { url } = await serve(server, { handle: stream.answer });
      const taken = new Taken();
      const exchange = client.request(url, { stream: taken.stream });
      stream.send("one");
      await taken.has("one");
      taken.stop();
      expect((await exchange).status).toBe(201);
      await stream.cancelled;
      expect(taken.text).toBe("one");
    }),
  );

  it(
    "says so when a streamed answer breaks off, or is given up before it began",
    inWorld(async ({ server, client }) => {
      const stream = openStream();
      const { url } = await serve(server, {
        handle: (request) =>
          request.url.endsWith("/never") ? new Promise<Response>(() => undefined) : stream.answer(),
      });
      const taken = new Taken();
      const outcome = codeOf(client.request(url, { stream: taken.stream }));
      stream.send("one");
      await taken.has("one");
      stream.break();
      expect(await outcome).toBe("reset");
      const late = new Taken();
      const givenUp = codeOf(client.request(`${url}/never`, { stream: late.stream }));
      late.stop();
      expect(await givenUp).toBe("reset");
      expect(
        await codeOf(client.request(`${url}/never`, { stream: new Taken().stream, timeoutMs: 60 })),
      ).toBe("timeout");
    }),
  );

  it(
    "breaks off and cancels a streamed answer two seconds after the listener closes",
    inWorld(async ({ server, client }) => {
      const stream = openStream();
      const listener = await serve(server, { handle: stream.answer });
      const taken = new Taken();
      const outcome = codeOf(client.request(listener.url, { stream: taken.stream }));
      await taken.has("");
      await listener.close();
      expect(await outcome).toBe("reset");
      await stream.cancelled;
    }),
  );

  it(
    "turns an error thrown by the handler into status 500 and goes on serving",
    inWorld(async ({ server, client }) => {
      const { url } = await serve(server, {
        handle: (request) => {
          if (request.url.endsWith("/bad")) throw new Error("a bug");
          return new Response("fine");
        },
      });
      expect((await client.request(`${url}/bad`)).status).toBe(500);
      expect((await client.request(`${url}/good`)).status).toBe(200);
    }),
  );

  it(
    "answers HEAD without a body and does not follow redirects",
    inWorld(async ({ server, client }) => {
      const { url } = await serve(server, {
        handle: (request) =>
          request.method === "HEAD" ? new Response("long") : Response.redirect("http://127.0.0.1:1/", 302),
      });
      const head = await client.request(url, { method: "HEAD" });
      expect([head.status, head.body.length]).toEqual([200, 0]);
      const moved = await client.request(url);
      expect([moved.status, moved.headers.location]).toEqual([302, "http://127.0.0.1:1/"]);
    }),
  );

  it(
    "tells a port where nobody listens (refused) from a host that can't be reached (unreachable)",
    inWorld(async ({ server, client }) => {
      const listener = await serve(server);
      expect((await client.request(listener.url)).status).toBe(200);
      await listener.close();
      expect(await codeOf(client.request(listener.url))).toBe("refused");
      expect(await codeOf(client.connect(channelUrl(listener), clientOptions, new Inbox()))).toBe("refused");
      const elsewhere = "http://255.255.255.255:9";
      expect(await codeOf(client.request(elsewhere))).toBe("unreachable");
      const ws = elsewhere.replace("http", "ws");
      expect(await codeOf(client.connect(ws, clientOptions, new Inbox()))).toBe("unreachable");
    }),
  );

  it(
    "gives up on an answer that does not come in time",
    inWorld(async ({ server, client }) => {
      const { url } = await serve(server, {
        handle: async (request) => {
          if (request.url.endsWith("/never")) await new Promise(() => undefined);
          return new Response("ok");
        },
      });
      expect(await codeOf(client.request(`${url}/never`, { timeoutMs: 60 }))).toBe("timeout");
      expect((await client.request(`${url}/soon`, { timeoutMs: 5_000 })).status).toBe(200);
    }),
  );

  it.each([
    ["of a length told in advance", () => new Response("x".repeat(2_000))],
    ["streamed", () => new Response(new Blob(["x".repeat(2_000)]).stream())],
  ])("refuses an answer %s that is longer than allowed", async (_name, answer) => {
    await inWorld(async ({ server, client }) => {
      const { url } = await serve(server, { handle: answer });
      expect(await codeOf(client.request(url, { bodyBytesMax: 1_999 }))).toBe("too_large");
      expect((await client.request(url, { bodyBytesMax: 2_000 })).body.length).toBe(2_000);
    })();
  });

  it(
    "lets one listener have a port, and the next one once it is closed",
    inWorld(async ({ server, client }) => {
      const first = await serve(server);
      const again = { port: first.port, handle: () => new Response("second") };
      expect(await codeOf(serve(server, again))).toBe("address_in_use");
      expect(await codeOf(serve(client, again))).toBe("address_in_use");
      await first.close();
      const second = await serve(server, again);
      expect(second.port).toBe(first.port);
      expect((await client.request(second.url)).body.toString()).toBe("second");
    }),
  );

  it(
    "lets a request under way finish while the listener closes",
    inWorld(async ({ server, client }) => {
      let closing: Promise<void> | undefined;
      const listener = await serve(server, {
        handle: async () => {
          closing = listener.close();
          await server.sleep(20);
          return new Response("last");
        },
      });
      expect((await client.request(listener.url)).body.toString()).toBe("last");
      await closing;
      expect(await codeOf(client.request(listener.url))).toBe("refused");
    }),
  );

  it(
    "breaks off a request that is still under way two seconds after the listener closes",
    inWorld(async ({ server, client }) => {
      let reached: () => void = () => undefined;
      const underWay = new Promise<void>((resolve) => (reached = resolve));
      const listener = await serve(server, {
        handle: () => {
          reached();
          return new Promise<Response>(() => undefined);
        },
      });
      const outcome = codeOf(client.request(listener.url, { method: "POST", body: "x" }));
      await underWay;
      await listener.close();
      expect(await outcome).toBe("reset");
    }),
  );

  it(
    "carries messages in both directions in order, as text or binary, also of no bytes at all",
    inWorld(async (world) => {
      const { atServer, atClient, serverEnd, clientEnd, peers } = await connectPair(world);
      expect(peers).toEqual(["127.0.0.1"]);
      clientEnd.send("eins");
      clientEnd.send(Buffer.from([0, 255, 128]));
      clientEnd.send("");
      clientEnd.send(new Uint8Array(0));
      for (let number = 0; number < 50; number++) serverEnd.send(`${number}`);
      await atServer.hasReceived(4);
      await atClient.hasReceived(50);
      expect(atServer.messages).toEqual([
        { data: Buffer.from("eins"), isText: true },
        { data: Buffer.from([0, 255, 128]), isText: false },
        { data: Buffer.from(""), isText: true },
        { data: Buffer.from(""), isText: false },
      ]);
      expect(atClient.texts).toEqual(Array.from({ length: 50 }, (_, number) => `${number}`));
      clientEnd.terminate();
      await atServer.closed;
    }),
  );

  it(
    "delivers what the server says at once only when the client holds its channel",
    inWorld(async (world) => {
      const { server, client } = world;
      const listener = await serve(server, {
        channels: {
          "/channel": {
            protocols: ["plain"],
            messageBytesMax: 100,
            channelsMax: 1,
            open: (channel) => {
              channel.send("challenge");
              return new Inbox();
            },
          },
        },
      });
      let held = false;
      let heldAtMessage: boolean | undefined;
      const inbox = new Inbox();
      const handlers: ChannelHandlers = {
        message: (data, isText) => {
          heldAtMessage = held;
          inbox.message(data, isText);
        },
        close: (code, reason) => inbox.close(code, reason),
      };
      const channel = await client.connect(channelUrl(listener), clientOptions, handlers);
      held = true;
      await inbox.hasReceived(1);
      expect(inbox.texts).toEqual(["challenge"]);
      expect(heldAtMessage).toBe(true);
      channel.close(1000, "");
      await inbox.closed;
    }),
  );

  it(
    "agrees on the protocol that the server wants most",
    inWorld(async (world) => {
      const { listener, serverEnd, clientEnd } = await connectPair(world);
      expect([clientEnd.protocol, serverEnd.protocol]).toEqual(["plain", "plain"]);
      const options = { ...clientOptions, protocols: ["plain", "fancy"] };
      const both = await world.client.connect(channelUrl(listener), options, new Inbox());
      expect(both.protocol).toBe("fancy");
      clientEnd.terminate();
      both.terminate();
    }),
  );

  it.each([
    ["a path that has no channels", "/other", "plain", 404],
    ["protocols of which the server speaks none", "/channel", "foreign", 400],
    ["a channel more than allowed", "/channel", "plain", 503],
  ])("refuses an upgrade to %s", async (_name, path, protocol, status) => {
    await inWorld(async (world) => {
      const { listener, clientEnd, atServer } = await connectPair(world, { channelsMax: 1 });
      const options = { ...clientOptions, protocols: [protocol] };
      const attempt = world.client.connect(channelUrl(listener, path), options, new Inbox());
      await expect(attempt).rejects.toMatchObject({ code: "upgrade_refused", status });
      clientEnd.close(1000, "");
      await atServer.closed;
      const next = await world.client.connect(channelUrl(listener), clientOptions, new Inbox());
      next.terminate();
    })();
  });

  it.each([
    ["client", 1000, "done"],
    ["client", 4003, "not known here"],
    ["server", 1008, "policy"],
    ["server", 4400, ""],
  ])("tells both ends the code and reason when the %s closes with %i", async (who, code, reason) => {
    await inWorld(async (world) => {
      const { atServer, atClient, serverEnd, clientEnd } = await connectPair(world);
      const closer = who === "client" ? clientEnd : serverEnd;
      const other = who === "client" ? atServer : atClient;
      closer.send("last words");
      closer.close(code, reason);
      closer.send("too late");
      closer.close(1000, "again");
      expect(await other.closed).toEqual({ code, reason });
      expect((await (who === "client" ? atClient : atServer).closed).code).toBe(code);
      expect(other.texts).toEqual(["last words"]);
      serverEnd.send("nobody hears this");
      clientEnd.terminate();
      expect([atServer.closeCount, atClient.closeCount]).toEqual([1, 1]);
    })();
  });

  it.each([
    ["a code that may not be sent", 1006, ""],
    ["a reason that is too long", 1000, "x".repeat(124)],
  ])("throws at once when told to close with %s", async (_name, code, reason) => {
    await inWorld(async (world) => {
      const { clientEnd, atServer } = await connectPair(world);
      expect(() => clientEnd.close(code, reason)).toThrow();
      clientEnd.close(1000, "x".repeat(123));
      expect((await atServer.closed).code).toBe(1000);
    })();
  });

  it.each(["client", "server"])("tells both ends 1006 when the %s drops the connection", async (who) => {
    await inWorld(async (world) => {
      const { atServer, atClient, serverEnd, clientEnd } = await connectPair(world);
      (who === "client" ? clientEnd : serverEnd).terminate();
      expect((await atServer.closed).code).toBe(1006);
      expect((await atClient.closed).code).toBe(1006);
      expect([atServer.closeCount, atClient.closeCount]).toEqual([1, 1]);
    })();
  });

  it.each([
    ["server", 1024],
    ["client", 1024],
  ])("closes with 1009 when the %s gets a message that is too long", async (who, bytesMax) => {
    await inWorld(async (world) => {
      const { atServer, atClient, serverEnd, clientEnd } = await connectPair(world);
      const [sender, receiver] = who === "server" ? [clientEnd, atServer] : [serverEnd, atClient];
      sender.send("x".repeat(bytesMax));
      sender.send("x".repeat(bytesMax + 1));
      expect((await atServer.closed).code).toBe(1009);
      expect((await atClient.closed).code).toBe(1009);
      expect(receiver.messages.map(({ data }) => data.length)).toEqual([bytesMax]);
    })();
  });

  it(
    "closes with 1009 when the first message is longer than a first one may be, and lets later ones be longer",
    inWorld(async (world) => {
      const strict = await connectPair(world, { firstMessageBytesMax: 100 });
      strict.clientEnd.send("x".repeat(101));
      expect((await strict.atServer.closed).code).toBe(1009);
      expect((await strict.atClient.closed).code).toBe(1009);
      expect(strict.atServer.messages).toEqual([]);
      const polite = await connectPair(world, { firstMessageBytesMax: 100 });
      for (const length of [100, 101, 1024]) polite.clientEnd.send("x".repeat(length));
      polite.clientEnd.close(1000, "");
      expect((await polite.atServer.closed).code).toBe(1000);
      expect(polite.atServer.messages.map(({ data }) => data.length)).toEqual([100, 101, 1024]);
    }),
  );

  it(
    "closes its channels with 1001 when the listener closes",
    inWorld(async (world) => {
      const { listener, atServer, atClient } = await connectPair(world);
      await listener.close();
      await listener.close();
      expect((await atClient.closed).code).toBe(1001);
      expect((await atServer.closed).code).toBe(1001);
    }),
  );

  it(
    "moves the clock while it sleeps, and wakes at once when told to",
    inWorld(async ({ client }) => {
      const start = client.now();
      expect(Number.isInteger(start)).toBe(true);
      await client.sleep(30);
      // A system's timer may fire a millisecond early by its own clock.
      expect(client.now() - start).toBeGreaterThanOrEqual(29);
      const alarm = new AbortController();
      client.after(10, () => alarm.abort());
      await client.sleep(10 * 365 * 24 * 3_600_000, alarm.signal);
      await client.sleep(3_600_000, alarm.signal);
      expect(client.now() - start).toBeLessThan(60_000);
    }),
  );

  it(
    "runs timers in the order they are due, and none that was cancelled",
    inWorld(async ({ client }) => {
      const ran: string[] = [];
      client.after(60, () => ran.push("late"));
      client.after(5, () => ran.push("early"));
      client.after(20, () => ran.push("cancelled")).cancel();
      const far = client.after(400 * 24 * 3_600_000, () => ran.push("in a year"));
      await client.sleep(120);
      far.cancel();
      expect(ran).toEqual(["early", "late"]);
    }),
  );

  it(
    "draws chance in range and identifiers in Apple's form",
    inWorld(async ({ client, server }) => {
      const draws = Array.from({ length: 200 }, () => client.random());
      expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
      expect(new Set(draws).size).toBeGreaterThan(190);
      const ids = [client.uuid(), client.uuid(), server.uuid()];
      for (const id of ids) {
        expect(id).toMatch(/^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/);
      }
      expect(new Set(ids).size).toBe(3);
      expect(client.randomBytes(33).length).toBe(33);
      expect(client.randomBytes(16).equals(client.randomBytes(16))).toBe(false);
    }),
  );

  it(
    "makes key pairs in PEM form",
    inWorld(async ({ client }) => {
      const { privateKeyPem, publicKeyPem } = await client.generateKeyPair();
      expect(privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      expect(publicKeyPem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    }),
  );

  it(
    "replaces a whole file, reads it back, and takes a missing one for none",
    inWorld(async ({ server: { disk }, directory }) => {
      const path = posix.join(directory, "state.json");
      expect(await disk.readFile(path)).toBeUndefined();
      await disk.writeFileAtomic(path, "a first and longer text");
      await disk.writeFileAtomic(path, Buffer.from([1, 2, 3]));
      expect(await disk.readFile(path)).toEqual(Buffer.from([1, 2, 3]));
      await disk.writeFileAtomic(path, ["in ", "", "pieces"].map((piece) => Buffer.from(piece)).values());
      expect(String(await disk.readFile(path))).toBe("in pieces");
      await disk.remove(path);
      await disk.remove(path);
      expect(await disk.readFile(path)).toBeUndefined();
    }),
  );

  it(
    "appends to a file, cuts it, and goes on from its end when opened again",
    inWorld(async ({ server: { disk }, directory }) => {
      const path = posix.join(directory, "journal.log");
      const journal = await disk.openAppend(path);
      expect(journal.bytes).toBe(0);
      await journal.append("één\n");
      expect(journal.bytes).toBe(6);
      await journal.append("two\nthr");
      await journal.truncate(10);
      expect(journal.bytes).toBe(10);
      await journal.append("three\n");
      await journal.close();
      const again = await disk.openAppend(path);
      expect(again.bytes).toBe(16);
      await again.append(Buffer.from("four\n"));
      await again.close();
      expect((await disk.readFile(path))?.toString()).toBe("één\ntwo\nthree\nfour\n");
    }),
  );

  it(
    "lists the names in a folder, sorted, and none for a folder that isn't there",
    inWorld(async ({ server: { disk }, directory }) => {
      await disk.makeDirectory(posix.join(directory, "b/inner"));
      for (const name of ["c", "B", "a"]) await disk.writeFileAtomic(posix.join(directory, name), name);
      const { release } = await disk.lock(directory);
      expect(await disk.list(directory)).toEqual(["B", "a", "b", "c"]);
      expect(await disk.list(posix.join(directory, "b"))).toEqual(["inner"]);
      expect(await disk.list(posix.join(directory, "nowhere"))).toEqual([]);
      await release();
    }),
  );

  it(
    "says so when a place can't be written",
    inWorld(async ({ server: { disk }, directory }) => {
      const file = posix.join(directory, "file");
      await disk.writeFileAtomic(file, "not a folder");
      const below = posix.join(file, "below");
      expect(await codeOf(disk.makeDirectory(below))).toBe("not_writable");
      expect(await codeOf(disk.makeDirectory(file))).toBe("not_writable");
      expect(await codeOf(disk.writeFileAtomic(below, "x"))).toBe("not_writable");
      expect(await codeOf(disk.openAppend(below))).toBe("not_writable");
      expect(await codeOf(disk.lock(below))).toBe("not_writable");
      const missing = posix.join(directory, "missing/file");
      expect(await codeOf(disk.writeFileAtomic(missing, "x"))).toBe("not_writable");
      await disk.makeDirectory(posix.join(directory, "missing"));
      expect(await codeOf(disk.writeFileAtomic(missing, "x"))).toBe("nothing went wrong");
    }),
  );

  it(
    "lets one holder lock a folder at a time",
    inWorld(async ({ server: { disk }, directory }) => {
      const other = posix.join(directory, "other");
      await disk.makeDirectory(other);
      const first = await disk.lock(directory);
      expect(await codeOf(disk.lock(directory))).toBe("locked");
      const elsewhere = await disk.lock(other);
      await first.release();
      await first.release();
      const second = await disk.lock(directory);
      expect(await codeOf(disk.lock(directory))).toBe("locked");
      await second.release();
      await elsewhere.release();
    }),
  );
}
