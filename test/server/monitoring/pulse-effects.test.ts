import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { pulseCounts, pulseSubjects } from "../../../server/monitoring/pulse-document.ts";
import { effectOf } from "../../../server/monitoring/pulse-effects.ts";
import { eventNames, type EventName } from "../../../shared/trace.ts";

const event = (name: EventName, details: object = {}) =>
  effectOf({ seq: 1, time: "", run: "", event: name, ...details });

it.each<[EventName, object, string | undefined]>([
  ["installation.changed", { from: "installing", to: "installed" }, "installed"],
  ["installation.changed", { from: "removing", to: "installed" }, undefined],
  ["installation.changed", { from: "installing", to: "failed" }, "installFailed"],
  ["installation.changed", { from: "none", to: "pending" }, undefined],
  ["license.taken", {}, "licensesTaken"],
  ["license.taken", { side: "apple" }, undefined],
  ["command.deferred", {}, "commandsDeferred"],
  ["command.deferred", { side: "phone" }, undefined],
  ["internal.error", {}, "faults"],
])("%s %j counts as %s", (name, details, counts) => {
  expect(event(name, details).counts).toBe(counts);
});

it.each<[EventName, object, string[]]>([
  ["admin.changed", { what: "key.revoked" }, ["keys"]],
  ["admin.changed", { what: "session.opened" }, ["sessions"]],
  ["admin.changed", { what: "users.imported" }, ["users", "groups"]],
  ["admin.changed", { what: "constructor" }, []],
  ["housekeeping.pruned", { what: "sessions" }, ["sessions"]],
  ["housekeeping.pruned", { what: "identities" }, []],
  ["api.answered", { method: "POST", status: 201 }, ["audit"]],
  ["api.answered", { method: "GET", status: 403 }, ["audit"]],
  ["api.answered", { method: "GET", status: 200 }, []],
  ["prompt.shown", {}, []],
])("%s %j touches %j", (name, details, touches) => {
  expect(event(name, details).touches).toEqual(touches);
});

/** Everything that an admin can change, read off the code. */
async function adminChanges(): Promise<string[]> {
  const folder = new URL("../../../server/", import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, folder), "utf8")));
  return texts.flatMap((text) =>
    [...text.matchAll(/"admin\.changed", \{\s*what: "([^"]+)"/g)].map(([, what = ""]) => what),
  );
}

it("every change by an admin touches something, and every count and subject is led to", async () => {
  const changes = await adminChanges();
  expect(changes.length).toBeGreaterThan(20);
  for (const what of changes) expect(event("admin.changed", { what }).touches, what).not.toEqual([]);
  const effects = [
    ...eventNames.map((name) => event(name, { method: "POST" })),
    ...changes.map((what) => event("admin.changed", { what })),
    ...["installed", "failed"].map((to) => event("installation.changed", { from: "installing", to })),
  ];
  expect(new Set(effects.flatMap(({ counts }) => counts ?? []))).toEqual(new Set(pulseCounts));
  const touched = new Set([...effects.flatMap(({ touches }) => touches), "events"]);
  expect(touched).toEqual(new Set(pulseSubjects));
});
