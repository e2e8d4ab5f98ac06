/** A way from the real world into a virtual one: real HTTP requests, made again over there by somebody who lives there. */
import { PippinError } from "../../shared/errors.ts";
import { toProblemResponse } from "../../shared/problem-document.ts";
import {
  NetworkError,
  type HttpRequest,
  type HttpResponse,
  type Listener,
  type World,
} from "../../shared/world.ts";
import { readBody } from "../apple/exchange.ts";
import type { RunningLab } from "../lab.ts";

/** What the server itself takes at most is less. */
const bodyBytesMax = 64 * 1024 * 1024;
/** By the lab's clock. */
const timeoutMs = 120_000;
/** They are about one connection, and there are two. */
const ofOneConnection = new Set([
  ...["connection", "keep-alive", "transfer-encoding", "content-length", "host", "upgrade", "te", "trailer"],
  ...["accept-encoding", "content-encoding", "expect", "proxy-connection"],
]);

type UrlOf = (lab: RunningLab) => string;

export interface GatewayOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Whom it leads to. */
  readonly urlOf: UrlOf;
  /** Lets the lab go on until its answer is there. */
  readonly ask: (urlOf: UrlOf, init: HttpRequest) => Promise<HttpResponse>;
}

/** Throws NetworkError address_in_use. */
export async function openGateway(world: World, options: GatewayOptions): Promise<Listener> {
  const { host, port } = options;
  return await world.serve({
    host,
    port,
    async handle(request) {
      try {
        return await passThrough(request, options);
      } catch (error) {
        return toProblemResponse(error);
      }
    },
  });
}

async function passThrough(request: Request, { urlOf, ask }: GatewayOptions): Promise<Response> {
  if ((request.headers.get("accept") ?? "").includes("text/event-stream"))
    throw new PippinError("conflict", "A virtual lab stands still between requests: ask for /api/v1/events.");
  const body = await readBody(request, bodyBytesMax);
  if (body === undefined)
    throw new PippinError("body_too_large", `The body may have at most ${bodyBytesMax} bytes.`);
  const { pathname, search } = new URL(request.url);
  const answer = await asked(() =>
    ask((lab) => `${urlOf(lab)}${pathname}${search}`, {
      method: request.method,
      headers: plainHeaders(request.headers),
      ...(body.length === 0 ? {} : { body }),
      ...{ timeoutMs, bodyBytesMax },
    }),
  );
  const bodyless = answer.status === 204 || answer.status === 304 || request.method === "HEAD";
  return new Response(bodyless ? null : new Uint8Array(answer.body), {
    status: answer.status,
    headers: Object.entries(answer.headers).filter(([name]) => !ofOneConnection.has(name)),
  });
}

async function asked(ask: () => Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof NetworkError)) throw cause;
    throw new PippinError("unavailable", `Inside the lab: ${cause.message}`, { cause });
  }
}

function plainHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !ofOneConnection.has(name)));
}
