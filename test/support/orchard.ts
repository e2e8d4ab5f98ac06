/** A small organisation in a live lab, with too few licences, for the console to show. */
import type { RunningLab } from "../../simulator/lab.ts";

export const pages = "361309726";
export const keynote = "361285480";

/** Dora's phone came through Apple's enrolment program; Bert is in both groups. */
const staff = [
  { id: "anna", name: "Anna", kind: "user", groups: "Team" },
  { id: "bert", name: "Bert", kind: "configurator", groups: "Team;Field" },
  { id: "carl", name: "Carl", kind: "device", groups: "Team" },
  { id: "dora", name: "Dora", kind: "dep", groups: "Team" },
] as const;
const about = { name: "Orchard & Sons", appleId: "it@orchard.example" };
const password = "correct horse battery";

/**
 * Two licences of Pages for the three who could use one, and five of Keynote; everybody is quick, and nothing is deployed. Answers with the
 * organisation's place in Apple's control API.
 */
export async function openOrchard(lab: RunningLab): Promise<string> {
  const { apple, admin } = lab;
  const send = (method: string, path: string, body: unknown) =>
    admin.send(method, path, JSON.stringify(body), "application/json");
  const { organisationId } = await apple.post<{ organisationId: string }>("/control/v1/organisations", about);
  const root = `/control/v1/organisations/${organisationId}`;
  await apple.post(`${root}/licenses`, { adamId: pages, quantity: 2 });
  await apple.post(`${root}/licenses`, { adamId: keynote, quantity: 5 });
  const appleIds = staff.map(({ id }) => ({ appleId: `${id}@icloud.example`, password }));
  await apple.post("/control/v1/apple-ids", { appleIds });
  const { sToken } = await apple.post<{ sToken: string }>(`${root}/tokens`, {});
  const upload = { sToken, tokenName: "Orchard", appleId: about.appleId, acknowledged: true };
  await send("PUT", "/api/v1/vpp/token", upload);
  await admin.post("/api/v1/vpp/sync", {});
  const soon = { firstSeconds: 0.1, factor: 1.2, maxSeconds: 1 };
  await send("PATCH", "/api/v1/policies", { termsPoll: soon, verify: soon, licensing: "user-and-device" });
  const rows = staff.map(({ id, name, groups }) => `${id},${name},${id}@orchard.example,${groups}`);
  await admin.send("POST", "/api/v1/users/import", ["id,name,email,groups", ...rows].join("\n"), "text/csv");
  const tokens = staff.map(({ id, kind }) => ({ kind, userId: id }));
  const made = await admin.post<{ tokens: { url: string }[] }>("/api/v1/enrollment-tokens/batch", { tokens });
  await lab.addPhones(
    staff.map(({ id, name, kind }, index) => ({
      ...{ serial: `ORCHARD${index}`, product: "iPhone8,1", name: `${name}'s phone`, kind },
      enrollmentUrl: made.tokens[index]?.url ?? "",
      persona: {
        ...{ appleId: `${id}@icloud.example`, password, terms: "accept", install: "install" },
        ...{ wrongPasswords: 0, thinkMsMin: 10, thinkMsMax: 50 },
      },
    })),
  );
  return root;
}
