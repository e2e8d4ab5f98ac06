import { z } from "@hono/zod-openapi";
import { PippinError } from "../../shared/errors.ts";
import { livesOnSeat, phonesOfHolder } from "../deployments/holders.ts";
import { DirectoryId } from "../directory/directory.ts";
import { accountId } from "../licensing/account.ts";
import { actItemsMax } from "../licensing/license-acts.ts";
import type { AssignmentRecord, LicenseActRecord, LicenseType } from "../store/records.ts";
import type { Reader } from "../store/store.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Caller, type Endpoint } from "./endpoint.ts";
import {
  AdamId,
  LicenseTypeName,
  RecordId,
  SerialNumber,
  Time,
  missing,
  timeOf,
  viewHolder,
} from "./fields.ts";
import { pageOf, pageQuery, readPage, type PageRequest } from "./paging.ts";

const tag = "Licences";
const count = z.number().int();
const states = ["associating", "held", "disassociating"] as const;

const holderFields = {
  licenseType: LicenseTypeName,
  userId: z.string().nullable(),
  serialNumber: z.string().nullable().openapi({ description: "Of the phone that holds it itself." }),
};

const LicenseView = z
  .strictObject({
    ...holderFields,
    adamId: z.string(),
    state: z.enum(states).openapi({
      description: "`associating` and `disassociating`: asked of Apple, answer not known yet.",
    }),
    since: Time,
    returnReason: z.string().nullable(),
    stranded: z
      .strictObject({
        reason: z.enum(["unenrolled", "wiped", "found-at-apple", "irrevocable", "token-deleted"]),
        at: Time,
      })
      .nullable()
      .openapi({ description: "Why it stays taken although no phone needs it, or nobody can return it." }),
    problem: z
      .strictObject({ code: z.string(), message: z.string() })
      .nullable()
      .openapi({ description: "Why Apple has not taken it back yet." }),
    actId: z.string().nullable().openapi({ description: "The revoke or reclaim it is waiting for." }),
    phones: z.array(
      z.strictObject({
        udid: z.string(),
        enrolled: z.boolean(),
        state: z.string(),
        reason: z.string().nullable(),
      }),
    ),
  })
  .openapi("License");
export type LicenseView = z.infer<typeof LicenseView>;

const LicenseActView = z
  .strictObject({
    id: z.string(),
    verb: z.enum(["revoke", "reclaim"]),
    userId: z.string().nullable(),
    serialNumber: z.string().nullable(),
    adamId: z.string().nullable(),
    by: z.string(),
    startedAt: Time,
    finishedAt: Time.nullable(),
    asked: count.openapi({ description: "Licences it is about." }),
    done: count.openapi({ description: "Those that are back." }),
    failed: count,
    pending: count.openapi({ description: "Those the server is still at." }),
    items: z
      .array(
        z.strictObject({
          ...holderFields,
          adamId: z.string(),
          outcome: z.enum(["done", "failed", "pending"]),
          code: z
            .string()
            .nullable()
            .openapi({ description: "Apple's error number or a code of this server." }),
          message: z.string(),
        }),
      )
      .openapi({ description: `The first ${actItemsMax} with an outcome, and as many that are pending.` }),
  })
  .openapi("LicenseAct");
export type LicenseActView = z.infer<typeof LicenseActView>;

const Selection = z
  .strictObject({
    userId: DirectoryId.optional().openapi({
      description: "The user's, and those that phones of the user hold themselves.",
    }),
    serialNumber: SerialNumber.optional().openapi({ description: "Those that this phone holds itself." }),
    adamId: AdamId.optional(),
    all: z.literal(true).optional(),
    confirm: z.boolean().default(false).openapi({ description: "Needed with `all`." }),
  })
  .refine(
    ({ all, userId, serialNumber, adamId }) =>
      (all === true) !== [userId, serialNumber, adamId].some((name) => name !== undefined),
    "expected userId or serialNumber, adamId, or both, or all: true",
  )
  .refine(
    ({ userId, serialNumber }) => userId === undefined || serialNumber === undefined,
    "expected userId or serialNumber, not both",
  );

async function viewLicense(reader: Reader, seat: AssignmentRecord): Promise<z.infer<typeof LicenseView>> {
  const { adamId, state, since, returnReason } = seat;
  const account = await reader.get("accounts", accountId);
  // Without a token nobody can return it, whatever it was kept for before.
  const stranded =
    account?.state === "deleted"
      ? ({ reason: "token-deleted", at: account.deletedAt ?? account.updatedAt } as const)
      : (seat.stranded ?? null);
  const phones = (await phonesOfHolder(reader, seat)).filter(livesOnSeat);
  return {
    ...viewHolder(seat),
    adamId,
    state,
    since: timeOf(since),
    returnReason,
    stranded: stranded && { reason: stranded.reason, at: timeOf(stranded.at) },
    problem: seat.problem ?? null,
    actId: seat.actId ?? null,
    phones: phones.map(({ installation, device }) => ({
      udid: installation.udid,
      enrolled: device?.state === "enrolled",
      state: installation.state,
      reason: installation.reason,
    })),
  };
}

async function viewAct(reader: Reader, act: LicenseActRecord): Promise<z.infer<typeof LicenseActView>> {
  const { id, verb, userId, serialNumber = null, adamId, by, asked, done, failed } = act;
  const open = await reader.list("assignments", { index: "byAct", partition: id, limit: actItemsMax });
  return {
    ...{ id, verb, userId, serialNumber, adamId, by, asked, done, failed },
    startedAt: timeOf(act.startedAt),
    finishedAt: timeOf(act.finishedAt),
    pending: asked - done - failed,
    items: [
      ...act.items.map(({ adamId, outcome, code, message, ...holder }) => ({
        ...viewHolder(holder),
        ...{ adamId, outcome, code, message },
      })),
      ...open.map((seat) => ({
        ...viewHolder(seat),
        adamId: seat.adamId,
        outcome: "pending" as const,
        ...whyPending(seat),
      })),
    ],
  };
}

function whyPending({ state, problem }: AssignmentRecord): { code: string | null; message: string } {
  if (state === "held")
    return { code: null, message: "The app is still to be removed from the phones it is for." };
  if (problem) {
    return { code: problem.code, message: `${problem.message} The server goes on asking by itself.` };
  }
  return { code: null, message: "Apple has been asked and has not answered yet." };
}

function plan(query: {
  userId?: string | undefined;
  serialNumber?: string | undefined;
  licenseType?: LicenseType | undefined;
  adamId?: string | undefined;
  state?: (typeof states)[number] | undefined;
  stranded?: boolean | undefined;
}): Pick<PageRequest<"assignments">, "index" | "partitions" | "filter"> {
  const { userId, serialNumber, licenseType, adamId, state, stranded } = query;
  const filter = (seat: AssignmentRecord) =>
    (userId === undefined || seat.userId === userId) &&
    (serialNumber === undefined || seat.serialNumber === serialNumber) &&
    (licenseType === undefined || viewHolder(seat).licenseType === licenseType) &&
    (adamId === undefined || seat.adamId === adamId) &&
    (state === undefined || seat.state === state) &&
    (stranded === undefined || Boolean(seat.stranded) === stranded);
  if (userId !== undefined) return { index: "byUser", partitions: [userId], filter };
  if (serialNumber !== undefined) return { index: "bySerial", partitions: [serialNumber], filter };
  if (adamId !== undefined) return { index: "byApp", partitions: [adamId], filter };
  if (state !== undefined) return { index: "byState", partitions: [state], filter };
  return { index: "all", filter };
}

export function licenseRoutes({ store, licenseVerbs }: ApiDependencies): Endpoint[] {
  async function perform(
    verb: LicenseActRecord["verb"],
    body: z.output<typeof Selection>,
    caller: Caller,
    cause: number,
  ): Promise<z.infer<typeof LicenseActView>> {
    if (body.all === true && caller.role !== "admin") {
      throw new PippinError("forbidden", `Only an admin may ${verb} every licence there is.`);
    }
    const { userId = null, serialNumber = null, adamId = null, confirm } = body;
    const whose = { userId, serialNumber, adamId };
    const act = await licenseVerbs.perform({ verb, ...whose, confirm, by: caller.keyId, cause });
    return store.read((reader) => viewAct(reader, act));
  }
  const refusals = [
    "not_found",
    "confirmation_required",
    "token_missing",
    "token_expired",
    "token_revoked",
    "token_unknown",
    "token_claimed_elsewhere",
  ] as const;

  return [
    endpoint({
      method: "get",
      path: "/api/v1/licenses",
      role: "read-only",
      tag,
      summary: "Who holds a licence of what, by our records",
      query: z.strictObject({
        ...pageQuery,
        userId: DirectoryId.optional(),
        serialNumber: SerialNumber.optional(),
        licenseType: LicenseTypeName.optional(),
        adamId: AdamId.optional(),
        state: z.enum(states).optional(),
        stranded: z
          .enum(["true", "false"])
          .optional()
          .openapi({ description: "Kept although no phone needs it; why is in the answer." }),
      }),
      answer: { status: 200, schema: pageOf(LicenseView) },
      async handle({ query: { limit, cursor, stranded, ...filters } }) {
        return await store.read(async (reader) => {
          const hasToken = (await reader.get("accounts", accountId))?.state !== "deleted";
          // Without a token every one is: nobody can return it.
          if (stranded === "false" && !hasToken) return { items: [], nextCursor: null };
          const wanted = stranded === undefined || !hasToken ? {} : { stranded: stranded === "true" };
          const which = plan({ ...filters, ...wanted });
          const request = { collection: "assignments", ...which, limit, cursor } as const;
          const page = await readPage(reader, request);
          const items: z.infer<typeof LicenseView>[] = [];
          for (const seat of page.records) items.push(await viewLicense(reader, seat));
          return { items, nextCursor: page.nextCursor };
        });
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/licenses/revoke",
      role: "operator",
      tag,
      summary: "Takes licences back at Apple now; the apps stay on the phones",
      description:
        "Of a user or a phone, of an app, of both, or all (admins only, with `confirm`). The installations say `license-revoked`, and no licence is " +
        "taken for them again until somebody retries or resends one, or changes a deployment. What Apple does not do at once stays " +
        "on record and is asked for again.",
      creates: true,
      body: Selection,
      requestExample: { userId: "anna", adamId: "361309726" },
      answer: { status: 200, schema: LicenseActView },
      refusals,
      async handle({ body, caller, cause }) {
        return await perform("revoke", body, caller, cause);
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/licenses/reclaim",
      role: "operator",
      tag,
      summary:
        "Removes apps from the phones; each licence returns when the last phone it is for is rid of it",
      description:
        "Of a user or a phone, of an app, of both, or all (admins only, with `confirm`). Outranks the deployments until somebody retries or resends an " +
        "installation, or changes a deployment. A phone that can't be reached keeps the licence.",
      creates: true,
      body: Selection,
      requestExample: { userId: "anna" },
      answer: { status: 200, schema: LicenseActView },
      refusals,
      async handle({ body, caller, cause }) {
        return await perform("reclaim", body, caller, cause);
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/licenses/acts",
      role: "read-only",
      tag,
      summary: "Revokes and reclaims, newest first, with what became of each licence",
      query: z.strictObject(pageQuery),
      answer: { status: 200, schema: pageOf(LicenseActView) },
      async handle({ query }) {
        return await store.read(async (reader) => {
          const request = { collection: "licenseActs", index: "all", order: "descending", ...query } as const;
          const page = await readPage(reader, request);
          const items: z.infer<typeof LicenseActView>[] = [];
          for (const act of page.records) items.push(await viewAct(reader, act));
          return { items, nextCursor: page.nextCursor };
        });
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/licenses/acts/{actId}",
      role: "read-only",
      tag,
      summary: "One revoke or reclaim",
      params: z.strictObject({ actId: RecordId }),
      answer: { status: 200, schema: LicenseActView },
      refusals: ["not_found"],
      async handle({ params: { actId } }) {
        return await store.read(async (reader) => {
          const act = await reader.get("licenseActs", actId);
          if (!act) throw missing("revoke or reclaim", actId);
          return await viewAct(reader, act);
        });
      },
    }),
  ];
}
