import * as http from "node:http";
import * as https from "node:https";
import { networkErrorFrom } from "./live-errors.ts";
import { NetworkError, type AnswerStream, type HttpRequest, type HttpResponse } from "./world.ts";

const defaultTimeoutMs = 30_000;
const defaultBodyBytesMax = 16 * 1024 * 1024;

const agentOptions: http.AgentOptions = {
  keepAlive: true,
  maxSockets: 256,
  maxFreeSockets: 256,
  // Below the five seconds after which a Node server drops an idle connection: better we drop it first than send a
  // request into a closing socket.
  timeout: 4_000,
};

interface Target {
  readonly url: URL;
  readonly method: string;
  readonly headers: Record<string, string | number>;
  readonly body: Buffer | undefined;
  readonly timeoutMs: number;
  readonly bodyBytesMax: number;
  readonly stream: AnswerStream | undefined;
}

/**
 * HTTP exchanges over kept-alive sockets. `node:http` and not the global `fetch`, which takes several times as much CPU for
 * an exchange over loopback. Redirects are not followed.
 */
export class LiveHttpClient {
  #plainAgent = new http.Agent(agentOptions);
  #secureAgent: https.Agent | undefined;

  async request(url: string, init: HttpRequest = {}): Promise<HttpResponse> {
    const target = targetOf(url, init);
    const first = await this.#attempt(target, false);
    // A kept-alive socket that the server closed meanwhile looks like a reset. Only a GET is sent again: for anything
    // else nobody can tell whether the server has acted on it.
    if (first === "stale_socket") {
      const second = await this.#attempt(target, true);
      if (second !== "stale_socket") return second;
      throw new NetworkError("reset", `The connection to ${target.url.host} was reset.`);
    }
    return first;
  }

  #agentFor(target: Target, fresh: boolean): http.Agent | false {
    if (fresh) return false;
    if (target.url.protocol === "http:") return this.#plainAgent;
    return (this.#secureAgent ??= new https.Agent(agentOptions));
  }

  #attempt(target: Target, fresh: boolean): Promise<HttpResponse | "stale_socket"> {
    const { url, method, headers, body, timeoutMs, bodyBytesMax } = target;
    return new Promise((resolve, reject) => {
      let answered = false;
      const send = url.protocol === "https:" ? https.request : http.request;
      // A connection that may stay busy for hours is no loss to the pool.
      const agent = this.#agentFor(target, fresh || target.stream !== undefined);
      const request = send(url, { method, headers, agent });
      const timer = setTimeout(
        () =>
          fail(new NetworkError("timeout", `No complete answer from ${url.host} within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      const fail = (error: NetworkError) => {
        clearTimeout(timer);
        reject(error);
        request.destroy();
      };
      request.on("error", (cause) => {
        const error = networkErrorFrom(cause, url.host);
        const stale = error.code === "reset" && !answered && request.reusedSocket && method === "GET";
        if (!stale) return fail(error);
        clearTimeout(timer);
        resolve("stale_socket");
      });
      request.on("response", (response) => {
        answered = true;
        const head = { status: response.statusCode ?? 0, headers: plainHeaders(response) };
        if (target.stream) {
          clearTimeout(timer);
          passOn(response, target.stream, fail, () => resolve({ ...head, body: Buffer.alloc(0) }));
          return;
        }
        readBody(response, bodyBytesMax, fail, (received) => {
          clearTimeout(timer);
          resolve({ ...head, body: received });
        });
      });
      whenAborted(target.stream?.signal, request, () => {
        // Once an answer has begun, `passOn` tells the end of it.
        if (!answered) fail(new NetworkError("reset", `The request to ${url.host} was given up.`));
      });
      // An answer whose upgrade we did not ask for would otherwise be left open.
      request.on("upgrade", (_response, socket) => {
        socket.destroy();
        fail(new NetworkError("reset", `${url.host} switched protocols unasked.`));
      });
      request.end(body);
    });
  }
}

function targetOf(url: string, init: HttpRequest): Target {
  const body = typeof init.body === "string" ? Buffer.from(init.body) : init.body && Buffer.from(init.body);
  const headers: Record<string, string | number> = { ...init.headers };
  if (body) headers["content-length"] = body.length;
  return {
    url: new URL(url),
    method: (init.method ?? "GET").toUpperCase(),
    headers,
    body,
    timeoutMs: init.timeoutMs ?? defaultTimeoutMs,
    bodyBytesMax: init.bodyBytesMax ?? defaultBodyBytesMax,
    stream: init.stream,
  };
}

function whenAborted(signal: AbortSignal | undefined, request: http.ClientRequest, giveUp: () => void): void {
  if (signal === undefined) return;
  const abort = () => {
    giveUp();
    request.destroy();
  };
  if (signal.aborted) return abort();
  signal.addEventListener("abort", abort);
  request.on("close", () => signal.removeEventListener("abort", abort));
}

function passOn(
  response: http.IncomingMessage,
  stream: AnswerStream,
  fail: (error: NetworkError) => void,
  done: () => void,
): void {
  stream.head(response.statusCode ?? 0, plainHeaders(response));
  response.on("data", (data: Buffer) => {
    if (stream.signal?.aborted !== true) stream.piece(data);
  });
  response.on("end", done);
  // What broke is told by `close`, which always follows.
  response.on("error", () => undefined);
  response.on("close", () => {
    if (response.complete || stream.signal?.aborted === true) done();
    else fail(new NetworkError("reset", "The connection broke inside the answer."));
  });
}

function readBody(
  response: http.IncomingMessage,
  bytesMax: number,
  fail: (error: NetworkError) => void,
  done: (body: Buffer) => void,
): void {
  const host = response.socket.remoteAddress ?? "the peer";
  const tooLarge = () =>
    fail(new NetworkError("too_large", `The answer of ${host} is longer than ${bytesMax} bytes.`));
  if (Number(response.headers["content-length"] ?? 0) > bytesMax && response.statusCode !== 304) {
    return tooLarge();
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) return tooLarge();
    chunks.push(chunk);
  });
  response.on("end", () => {
    const [only] = chunks;
    done(chunks.length === 1 && only ? only : Buffer.concat(chunks));
  });
  response.on("error", (cause) => fail(networkErrorFrom(cause, host)));
  response.on("close", () => {
    if (!response.complete)
      fail(new NetworkError("reset", `The connection to ${host} broke inside the answer.`));
  });
}

function plainHeaders(response: http.IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}
