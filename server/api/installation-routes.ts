import { z } from "@hono/zod-openapi";
import { DirectoryId } from "../directory/directory.ts";
import { installationStates, type InstallationRecord, type InstallationState } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { AdamId, Udid, missing } from "./fields.ts";
import {
  InstallationView,
  installationLabels,
  labelByState,
  viewInstallation,
  type InstallationLabel,
} from "./installation-view.ts";
import { pageOf, pageQuery, readPage, type PageRequest } from "./paging.ts";

const tag = "Installations";
const InstallationParams = z.strictObject({
  installationId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}:[0-9]{1,20}$/, "expected <udid>:<adamId>")
    .openapi({ example: "0000000000000000000000000000000000000001:361309726" }),
});

interface Filters {
  state?: InstallationState | undefined;
  label?: InstallationLabel | undefined;
  adamId?: string | undefined;
  userId?: string | undefined;
  udid?: string | undefined;
}

/** The narrowest index there is for what is asked; the filter does the rest. */
function plan(filters: Filters): Pick<PageRequest<"installations">, "index" | "partitions" | "filter"> {
  const { adamId, userId, udid } = filters;
  const states = installationStates.filter(
    (state) =>
      (filters.state === undefined || state === filters.state) &&
      (filters.label === undefined || labelByState[state] === filters.label),
  );
  const filter = (record: InstallationRecord) =>
    states.includes(record.state) &&
    (adamId === undefined || record.adamId === adamId) &&
    (userId === undefined || record.userId === userId) &&
    (udid === undefined || record.udid === udid);
  const everyState = states.length === installationStates.length;
  if (udid !== undefined) return { index: "byDevice", partitions: [udid], filter };
  if (userId !== undefined) return { index: "byUser", partitions: [userId], filter };
  if (adamId !== undefined) {
    return everyState
      ? { index: "byApp", partitions: [adamId], filter }
      : { index: "byAppState", partitions: states.map((state) => `${adamId} ${state}`), filter };
  }
  return everyState ? { index: "all", filter } : { index: "byState", partitions: states, filter };
}

export function installationRoutes({ store, deployments }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/installations",
      role: "read-only",
      tag,
      summary: "Lists what became of which app on which phone",
      query: z.strictObject({
        ...pageQuery,
        state: z.enum(installationStates).optional(),
        label: z.enum(installationLabels).optional(),
        adamId: AdamId.optional(),
        userId: DirectoryId.optional(),
        udid: Udid.optional(),
      }),
      answer: { status: 200, schema: pageOf(InstallationView) },
      async handle({ query: { limit, cursor, ...filters } }) {
        const page = await store.read((reader) =>
          readPage(reader, { collection: "installations", ...plan(filters), limit, cursor }),
        );
        return { items: page.records.map(viewInstallation), nextCursor: page.nextCursor };
      },
    }),
    endpoint({
      method: "get",
      path: "/api/v1/installations/{installationId}",
      role: "read-only",
      tag,
      summary: "One installation",
      params: InstallationParams,
      answer: { status: 200, schema: InstallationView },
      refusals: ["not_found"],
      async handle({ params: { installationId } }) {
        const record = await store.read((reader) => reader.get("installations", storedId(installationId)));
        if (!record) throw missing("installation", installationId);
        return viewInstallation(record);
      },
    }),
    endpoint({
      method: "post",
      path: "/api/v1/installations/{installationId}/retry",
      role: "operator",
      tag,
      summary: "Tries an installation that failed again",
      params: InstallationParams,
      answer: { status: 200, schema: InstallationView },
      refusals: ["not_found", "conflict"],
      async handle({ params, cause }) {
        return viewInstallation(await deployments.retry(storedId(params.installationId), cause));
      },
    }),
  ];
}

/** Stored ids have a space, which a URL would need to escape. */
function storedId(id: string): string {
  return id.replace(":", " ");
}
