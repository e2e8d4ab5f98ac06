/** One route of the API as a value: what it takes, who may, what it answers. The router, the document and the tests read it. */
import { z } from "@hono/zod-openapi";
import type { ProblemCode } from "../../shared/errors.ts";
import type { Role } from "../store/records.ts";
import { invalidRequest } from "./problem-response.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

export interface Caller {
  readonly keyId: string;
  readonly role: Role;
  /** When the secret that was shown stops being good (milliseconds since 1970), as far as is known now; null: nothing ends it. */
  readonly endsAt: number | null;
  /** The browser's session by which the key is used, if it is. */
  readonly session?: { readonly id: string; readonly csrfToken: string } | undefined;
}

/** What surrounds a call, for routes by which somebody comes and goes. */
export interface Exchange {
  /** IP address of the other end. */
  readonly address: string;
  readonly userAgent: string | null;
  /** As it was asked for. */
  readonly url: string;
  /** The browser came by https, as far as can be told. */
  readonly isSecure: boolean;
  /** Tells who is calling, where only the body says it. */
  identified(caller: Pick<Caller, "keyId" | "role">): void;
  /** The value of Set-Cookie, if the call is answered. */
  setCookie(cookie: string): void;
}

/** A request as it came, before its parts are checked. */
export interface RawCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The body of a request that came as one of the endpoint's text types. */
  readonly text: string | undefined;
  readonly caller: Caller;
  /** The header by which a client of an event stream says where it was. */
  readonly lastEventId?: string | undefined;
  readonly exchange: Exchange;
  /** `seq` of the request's event. */
  readonly cause: number;
}

export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly text: string | undefined;
  readonly caller: Caller;
  readonly lastEventId?: string | undefined;
  readonly exchange: Exchange;
  readonly cause: number;
}

interface Description {
  readonly method: Method;
  /** With parameters in braces, e.g. `/api/v1/users/{userId}`. */
  readonly path: string;
  /** The lowest role that may; `open`: everybody, and the call has no caller. */
  readonly role: Role | "open";
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Answers of a create are kept under the request's Idempotency-Key. */
  readonly creates?: boolean;
  /** Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Media types beside JSON whose text is handed on as it is. */
  readonly textTypes?: readonly string[];
  /** Fields of the request and the answer that are secrets: left out of the trace. */
  readonly secretFields?: readonly string[];
  /** Makes no events: it is asked by machines, all the time. */
  readonly quiet?: boolean;
  /** Codes it may answer with beside those that every route has. */
  readonly refusals?: readonly ProblemCode[];
  readonly requestExample?: unknown;
  readonly answerExample?: unknown;
}

export interface Answer<A extends z.ZodType = z.ZodType> {
  readonly status: 200 | 201 | 202 | 204;
  /** Left out when there is no body. */
  readonly schema?: A;
  /** Default `application/json`. Of any other type the body is a string, or a stream where it has no end. */
  readonly mediaType?: string;
}

export interface Endpoint extends Description {
  readonly schemas: { readonly params: z.ZodObject; readonly query: z.ZodObject; readonly body?: z.ZodType };
  readonly answer: Answer;
  /** Checks the request; what it answers with carries it out. Throws invalid_request. */
  prepare(raw: RawCall): () => Promise<unknown>;
}

interface Definition<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  A extends z.ZodType,
> extends Description {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: Answer<A>;
  handle(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<z.input<A>>;
}

const nothing = z.strictObject({});
type Nothing = typeof nothing;

export function endpoint<
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodType = z.ZodUndefined,
  A extends z.ZodType = z.ZodVoid,
>(definition: Definition<P, Q, B, A>): Endpoint {
  const { params, query, body, answer, handle, ...description } = definition;
  const schemas = { params: params ?? nothing, query: query ?? nothing, ...(body ? { body } : {}) };
  return {
    ...description,
    schemas,
    answer,
    prepare(raw) {
      const call = {
        // Where a schema was left out, its default type is what the stand-in yields.
        params: decode(schemas.params, raw.params, "path") as z.output<P>,
        query: decode(schemas.query, raw.query, "query") as z.output<Q>,
        body: (body ? decode(body, raw.body, "body") : undefined) as z.output<B>,
        text: raw.text,
        caller: raw.caller,
        lastEventId: raw.lastEventId,
        exchange: raw.exchange,
        cause: raw.cause,
      };
      return () => handle(call);
    },
  };
}

function decode(schema: z.ZodType, value: unknown, part: string): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(part, parsed.error);
  return parsed.data;
}
