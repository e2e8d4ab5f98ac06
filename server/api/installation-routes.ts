import { z } from "@hono/zod-openapi";
import { DirectoryId } from "../directory/directory.ts";
import { installationReasons } from "../monitoring/error-codes.ts";
import { findInstallations } from "../monitoring/find-installations.ts";
import { installationLabels } from "../monitoring/labels.ts";
import { installationStates } from "../store/records.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { endpoint, type Endpoint } from "./endpoint.ts";
import { AdamId, Udid, missing } from "./fields.ts";
import {
  InstallationParams,
  InstallationView,
  storedInstallationId,
  viewInstallation,
  viewInstallations,
} from "./installation-view.ts";
import { pageOf, pageQuery } from "./paging.ts";
import { decodePlace, encodePlace } from "./place-cursor.ts";

const tag = "Installations";

export function installationRoutes({ store }: ApiDependencies): Endpoint[] {
  return [
    endpoint({
      method: "get",
      path: "/api/v1/installations",
      role: "read-only",
      tag,
      summary: "Lists what became of which app on which phone",
      description:
        "Every filter may be combined with every other. A combination that fits few may answer with a short page and a cursor.",
      query: z.strictObject({
        ...pageQuery,
        state: z.enum(installationStates).optional(),
        label: z.enum(installationLabels).optional(),
        reason: z.enum(installationReasons).optional(),
        adamId: AdamId.optional(),
        userId: DirectoryId.optional(),
        groupId: DirectoryId.optional(),
        udid: Udid.optional(),
      }),
      answer: { status: 200, schema: pageOf(InstallationView) },
      async handle({ query: { limit, cursor, ...filters } }) {
        const from = decodePlace(cursor);
        return await store.read(async (reader) => {
          const page = await findInstallations(reader, filters, limit, from);
          const items = await viewInstallations(reader, page.records);
          return { items, nextCursor: encodePlace(page.next) };
        });
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
        return await store.read(async (reader) => {
          const record = await reader.get("installations", storedInstallationId(installationId));
          if (!record) throw missing("installation", installationId);
          return await viewInstallation(reader, record);
        });
      },
    }),
  ];
}
