import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLiveWorld } from "../../shared/live-world.ts";
import { JsonClient } from "../../simulator/json-client.ts";
import type { RunSummary } from "../../simulator/scenarios/scenario.ts";
import { CommandLine } from "./command-line.ts";

const pages = "361309726";
const controlKey = "orchard-control";

let commands: CommandLine;
let folder: string;
beforeEach(async () => {
  commands = new CommandLine();
  folder = await mkdtemp(join(tmpdir(), "pippin-e2e-"));
});
afterEach(async () => {
  await commands.endAll();
  await rm(folder, { recursive: true, force: true });
});

async function startBoth(): Promise<{ appleUrl: string; serverUrl: string; adminKey: string }> {
  const apple = commands.start(["apple", "--port", "0", "--control-key", controlKey]);
  const appleUrl = (await apple.said(/Apple's services at (\S+)/))[1] ?? "";
  const server = commands.start([
    ...["server", "--port", "0", "--apple", appleUrl],
    ...["--data", join(folder, "server"), "--log-level", "silent"],
  ]);
  const serverUrl = (await server.said(/MDM server at (\S+)/))[1] ?? "";
  const adminKey = (await server.said(/admin key \(shown this once\): (\S+)/))[1] ?? "";
  return { appleUrl, serverUrl, adminKey };
}

describe("every part as its own process", () => {
  it("plays the journey: Apple, the server and the phones in three processes, on a real disk", async () => {
    const { appleUrl, serverUrl, adminKey } = await startBoth();
    const outcome = await commands.run(
      ["run", "journey", "--world", "live", "--server", serverUrl, "--apple", appleUrl, "--json"],
      { PIPPIN_ADMIN_KEY: adminKey, PIPPIN_CONTROL_KEY: controlKey },
    );
    const summary = JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "") as RunSummary;
    expect(summary.failures).toEqual([]);
    expect(summary).toMatchObject({ passed: true, drift: 0, violations: [], devices: 44, users: 40 });
    expect(outcome.code).toBe(0);
  });

  it("installs an app on one phone by hand, as the README walks through it", async () => {
    const { appleUrl, serverUrl, adminKey } = await startBoth();
    const world = createLiveWorld();
    const apple = new JsonClient({
      world,
      baseUrl: `${appleUrl}/control/v1`,
      key: controlKey,
      patienceMs: 0,
    });
    const admin = new JsonClient({ world, baseUrl: `${serverUrl}/api/v1`, key: adminKey, patienceMs: 0 });
    const { organisationId } = await apple.post<{ organisationId: number }>("/organisations", {
      name: "Orchard & Sons",
      appleId: "it@orchard.example",
    });
    // Small enough to be there at once.
    await apple.post("/catalogue", {
      adamId: "1000000001",
      bundleId: "example.orchard.pick",
      name: "Pick",
      bytes: 1000,
    });
    await apple.post(`/organisations/${organisationId}/licenses`, { adamId: "1000000001", quantity: 1 });
    await apple.post("/apple-ids", { appleId: "ada@icloud.example", password: "windfall" });
    const { sToken } = await apple.post<{ sToken: string }>(`/organisations/${organisationId}/tokens`, {});
    const upload = { sToken, tokenName: "Orchard", appleId: "it@orchard.example", acknowledged: true };
    await admin.send("PUT", "/vpp/token", JSON.stringify(upload), "application/json");
    await admin.post("/vpp/sync", {});
    await admin.post("/groups", { id: "sales", name: "Sales" });
    await admin.post("/users", { id: "ada", name: "Ada", email: "ada@orchard.example", groupIds: ["sales"] });
    await admin.post("/deployments", { adamId: "1000000001", groupId: "sales", action: "required" });
    const { url } = await admin.post<{ url: string }>("/enrollment-tokens", { kind: "user", userId: "ada" });

    const phone = commands.start(
      [
        ...["agent", "--enroll", url, "--apple", appleUrl, "--data", join(folder, "phone")],
        ...["--auto", "accept", "--apple-id", "ada@icloud.example"],
      ],
      { PIPPIN_APPLE_PASSWORD: "windfall" },
    );
    await phone.said(/Pick: Managed/);
    let state = "";
    for (let tries = 0; state !== "installed" && tries < 200; tries += 1) {
      const { items } = await admin.get<{ items: { state: string }[] }>("/installations");
      state = items[0]?.state ?? "";
      await world.sleep(100);
    }
    expect(state).toBe("installed");
    const check = await admin.get<{ drift: number; lines: { assigned: number }[] }>("/ledger/check");
    expect(check).toMatchObject({ drift: 0, lines: [{ assigned: 1 }] });
    phone.kill("SIGINT");
    expect((await phone.ended).code).toBe(0);
  });

  it("plays the journey from one command and ends with a JSON document for machines", async () => {
    const outcome = await commands.run(["up", "--once", "--json", "--seed", "12"]);
    expect(outcome.code).toBe(0);
    const summary = JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "") as RunSummary;
    expect(summary).toMatchObject({
      seed: "12",
      passed: true,
      devices: 44,
      users: 40,
      drift: 0,
      violations: [],
    });
    expect(summary.durationMs).toBeGreaterThan(0);
    expect(summary.apps).toHaveLength(20);
    expect(summary.apps.find((app) => app.adamId === "743974925")).toEqual({
      adamId: "743974925",
      name: "PDF Expert",
      total: 12,
      used: 12,
      installed: 12,
      failedNoLicense: 2,
      failedOther: 0,
      waitingForTerms: 2,
      notApplicable: 3,
    });
    expect(summary.apps.find((app) => app.adamId === pages)).toMatchObject({
      total: 40,
      used: 0,
      installed: 0,
    });
  });
});
