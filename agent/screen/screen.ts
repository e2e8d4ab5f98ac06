/** The screen in the browser: one phone, or a wall of them. Pages, what is to be seen, and what a person does. */
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import { PippinError } from "../../shared/errors.ts";
import { invalidRequest, toProblemResponse } from "../../shared/problem-document.ts";
import { createWebPages } from "../../shared/web-pages.ts";
import type { World } from "../../shared/world.ts";
import { createEntryGuard, screenRoot } from "./entry-guard.ts";
import { phoneActs } from "./phone-acts.ts";
import { openPhoneStream } from "./phone-feed.ts";
import type { PhoneRack, ScreenPhone } from "./screen-phone.ts";
import { phoneSight, type ScreenFacts } from "./sight.ts";
import type { StateStream } from "./state-stream.ts";
import { WallFeed } from "./wall-feed.ts";

const bodyBytesMax = 8 * 1024;
/** A browser has one or two. */
const streamsMax = 64;

export interface ScreenOptions {
  /** The world of the browser: its clock paces the streams. */
  readonly world: Pick<World, "after">;
  readonly rack: PhoneRack;
  readonly key: string;
  /** Where it listens. */
  readonly host: string;
  /** Hears of every mistake of our own. */
  readonly failed?: (error: Error) => void;
}

export interface Screen {
  readonly handle: (request: Request) => Response | Promise<Response>;
  readonly openStreamCount: number;
  /** Ends the streams. */
  close(): void;
}

export function createScreen({ world, rack, key, host, failed }: ScreenOptions): Screen {
  const app = new Hono();
  const guard = createEntryGuard({ key, host });
  const wall = new WallFeed(world, rack);
  const streams = new Set<StateStream>();
  const phonePath = `${screenRoot}/phones/:phone`;

  app.onError((error) => {
    if (!(error instanceof PippinError)) failed?.(error);
    return toProblemResponse(error);
  });
  app.use(guard.host);
  app.use(guard.entry);
  app.use(`${screenRoot}/*`, guard.origin);
  app.use(
    `${screenRoot}/*`,
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () => {
        throw new PippinError("body_too_large", `The body may have at most ${bodyBytesMax} bytes.`);
      },
    }),
  );
  app.use(`${screenRoot}/*`, async (context, next) => {
    await next();
    context.header("cache-control", "no-store");
  });

  app.get(screenRoot, (context) => {
    const [first] = rack.phones();
    const facts: ScreenFacts = { phone: rack.single ? (first?.hand.phone.config.udid ?? null) : null };
    return context.json(facts);
  });
  app.get(`${screenRoot}/wall/stream`, (context) => stream(context, (closed) => wall.open(closed)));
  app.get(`${phonePath}/stream`, (context) => {
    const { udid } = phoneOf(context).hand.phone.config;
    return stream(context, (closed) => openPhoneStream(world, rack, udid, closed));
  });
  app.get(phonePath, (context) => context.json(phoneSight(phoneOf(context), rack)));
  app.get(`${phonePath}/portal`, async (context) => {
    const { portal } = phoneOf(context).hand.phone;
    return context.json({ items: await rack.drive(() => portal.list()) });
  });
  app.post(`${phonePath}/:act`, async (context) => {
    const act = phoneActs.get(context.req.param("act"));
    if (act === undefined) throw new PippinError("route_not_found", "The screen has no such act.");
    const given = await decode(act.schema, context);
    const on = phoneOf(context);
    const perform = async () => act.perform(on, given as never, rack);
    await (act.isOutside ? perform() : rack.drive(perform));
    // Whose hand it is in, and the time of a clock that was moved, no phone tells.
    if (act.isOutside) {
      wall.look();
      for (const one of streams) one.touch();
    }
    return context.json(phoneSight(phoneOf(context), rack));
  });
  app.all(`${screenRoot}/*`, () => {
    throw new PippinError("route_not_found", "The screen has no such route.");
  });
  app.route(
    "/",
    createWebPages({
      entry: new URL("./web/main.tsx", import.meta.url),
      base: "",
      title: "Pippin",
      withoutScript: "This page needs JavaScript. Questa pagina richiede JavaScript.",
    }),
  );

  function phoneOf(context: Context): ScreenPhone {
    const wanted = context.req.param("phone") ?? "";
    const name = wanted.toLowerCase();
    const found =
      rack.find(wanted) ??
      rack
        .phones()
        .find(({ hand: { phone } }) =>
          [phone.config.serialNumber, phone.view().deviceName].some((one) => one.toLowerCase() === name),
        );
    if (found === undefined) throw new PippinError("not_found", "There is no such phone here.");
    return found;
  }

  function stream(context: Context, open: (closed: () => void) => StateStream): Response {
    if (streams.size >= streamsMax)
      throw new PippinError("limit_exceeded", `At most ${streamsMax} pages look at this screen at a time.`, {
        details: { retryAfterSeconds: 5 },
      });
    const opened = open(() => streams.delete(opened));
    streams.add(opened);
    return context.body(opened.body, 200, { "content-type": "text/event-stream" });
  }

  return {
    handle: (request) => app.fetch(request),
    get openStreamCount() {
      return streams.size;
    },
    close() {
      for (const one of [...streams]) one.end("stopping");
    },
  };
}

/** Throws malformed_json, invalid_request. The refusal never quotes what was sent. */
async function decode(schema: z.ZodType, context: Context): Promise<unknown> {
  const text = await context.req.text();
  let json: unknown = {};
  try {
    if (text.trim() !== "") json = JSON.parse(text);
  } catch {
    throw new PippinError("malformed_json", "The body is not JSON.");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw invalidRequest("body", parsed.error);
  return parsed.data;
}
