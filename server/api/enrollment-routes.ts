import { z } from "@hono/zod-openapi";
import { DirectoryId } from "../directory/directory.ts";
import { createEnrollmentToken, tokenLifetimeMs, tokenUses } from "../enrollment/enrollment-token.ts";
import { transact } from "../outbox.ts";
import type { EnrollmentTokenRecord } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { EnrollmentKindField } from "./device-view.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { Time, timeOf } from "./fields.ts";
import { pageOf, pageQuery, readPage } from "./paging.ts";

const tag = "Enrolment";
const hourMs = 60 * 60 * 1_000;
const batchMax = 1_000;

const TokenInput = z.strictObject({
  kind: EnrollmentKindField,
  userId: DirectoryId.nullable()
    .default(null)
    .openapi({ description: "Whose phone enrols; null for one without a user." }),
  expiresInHours: z
    .number()
    .min(tokenLifetimeMs.min / hourMs)
    .max(tokenLifetimeMs.max / hourMs)
    .default(tokenLifetimeMs.default / hourMs),
  uses: z.number().int().min(tokenUses.min).max(tokenUses.max).default(tokenUses.default),
});

const NewToken = z
  .strictObject({
    id: z.string(),
    url: z.string().openapi({ description: "What the phone opens. It holds the secret; shown this once." }),
    expiresAt: Time,
  })
  .openapi("NewEnrollmentToken");
export type NewEnrollmentToken = z.infer<typeof NewToken>;

const TokenView = z
  .strictObject({
    id: z.string(),
    kind: EnrollmentKindField,
    userId: z.string().nullable(),
    createdAt: Time,
    expiresAt: Time,
    usesLeft: z.number().int(),
  })
  .openapi("EnrollmentToken");
export type EnrollmentTokenView = z.infer<typeof TokenView>;

function viewToken(record: EnrollmentTokenRecord): z.infer<typeof TokenView> {
  const { id, kind, userId, usesLeft } = record;
  return {
    id,
    kind,
    userId,
    createdAt: timeOf(record.createdAt),
    expiresAt: timeOf(record.expiresAt),
    usesLeft,
  };
}

export function enrollmentRoutes(dependencies: ApiDependencies): Endpoint[] {
  const { store, publicUrl } = dependencies;

  /** All of them or none. */
  async function createTokens(
    inputs: readonly z.output<typeof TokenInput>[],
    cause: number,
  ): Promise<z.infer<typeof NewToken>[]> {
    const created = await transact(dependencies, async (tx, outbox) => {
      const tokens: { record: EnrollmentTokenRecord; path: string }[] = [];
      for (const { kind, userId, uses, expiresInHours } of inputs) {
        const expiresInMs = Math.round(expiresInHours * hourMs);
        tokens.push(await createEnrollmentToken(tx, dependencies, { kind, userId, uses, expiresInMs }));
      }
      outbox.record("admin.changed", { what: "enrollmentTokens.created", count: tokens.length, cause });
      return tokens;
    });
    return created.map(({ record, path }) => ({
      id: record.id,
      url: `${publicUrl()}${path}`,
      expiresAt: timeOf(record.expiresAt),
    }));
  }

  return [
    endpoint({
      method: "get",
      path: "/api/v1/enrollment-tokens",
      role: "read-only",
      tag,
      summary: "Lists enrolment tokens, newest first, without their secrets",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(TokenView) },
      async handle({ query }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "enrollmentTokens", index: "all", order: "descending", ...query }),
        );
        return { items: page.records.map(viewToken), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/enrollment-tokens",
      role: "admin",
      tag,
      summary: "Creates an enrolment token and shows its link, this once",
      creates: true,
      secretFields: ["url"],
      body: TokenInput,
      requestExample: { kind: "user", userId: "anna", expiresInHours: 24 },
      answer: { status: 201, schema: NewToken },
      refusals: ["not_found"],
      async handle({ body, cause }) {
        const [token] = await createTokens([body], cause);
        if (!token) throw new Error("a token was asked for and none was made");
        return token;
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/enrollment-tokens/batch",
      role: "admin",
      tag,
      summary: "Creates many enrolment tokens at once, all or none, in the order asked for",
      creates: true,
      secretFields: ["url"],
      body: z.strictObject({ tokens: z.array(TokenInput).min(1).max(batchMax) }),
      requestExample: { tokens: [{ kind: "user", userId: "anna" }, { kind: "device" }] },
      answer: { status: 201, schema: z.strictObject({ tokens: z.array(NewToken) }) },
      refusals: ["not_found"],
      async handle({ body, cause }) {
        return { tokens: await createTokens(body.tokens, cause) };
      },
    }),
  ];
}
