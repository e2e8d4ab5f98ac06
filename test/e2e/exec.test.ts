import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { planFleet } from "../../simulator/fleet/plan-fleet.ts";
import { main } from "../../simulator/main.ts";
import { CommandLine } from "./command-line.ts";

let commands: CommandLine;
beforeEach(() => {
  commands = new CommandLine();
});
afterEach(() => commands.endAll());

const node = (script: string) => [process.execPath, "-e", script];
const variables = [
  ...[
    "PIPPIN_SERVER",
    "PIPPIN_ADMIN_KEY",
    "PIPPIN_APPLE",
    "PIPPIN_CONTROL_KEY",
    "PIPPIN_LAB",
    "PIPPIN_LAB_KEY",
    "PIPPIN_SCREEN",
  ],
];

/** Asks each of the three with its key, and says how many phones there are. */
const asksAll = `
  const ask = async (url, key) => {
    const answer = await fetch(url, { headers: { authorization: "Bearer " + key } });
    return { status: answer.status, body: await answer.json() };
  };
  const e = process.env;
  const main = async () => {
    const [server, apple, lab] = [
      await ask(e.PIPPIN_SERVER + "/api/v1/devices", e.PIPPIN_ADMIN_KEY),
      await ask(e.PIPPIN_APPLE + "/control/v1/organisations", e.PIPPIN_CONTROL_KEY),
      await ask(e.PIPPIN_LAB + "/lab/v1/phones", e.PIPPIN_LAB_KEY),
    ];
    console.log(JSON.stringify({
      given: ${JSON.stringify(variables)}.filter((name) => e[name]),
      statuses: [server.status, apple.status, lab.status],
      devices: server.body.items.length,
      phones: lab.body.items.map(({ serialNumber }) => serialNumber),
      lab: e.PIPPIN_LAB,
    }));
    process.exitCode = 7;
  };
  main();`;

describe("pippin exec", () => {
  it("gives the command a lab, and its exit code back, and leaves nothing running", async () => {
    const outcome = await commands.run(["exec", "--fleet", "2", "--seed", "5", "--", ...node(asksAll)]);
    expect(outcome.code, outcome.stderr).toBe(7);
    const said = JSON.parse(outcome.stdout) as { phones: string[]; lab: string };
    expect(said).toMatchObject({ given: variables, statuses: [200, 200, 200], devices: 2 });
    expect(said.phones).toEqual(planFleet("5", 2, "quick").phones.map(({ serial }) => serial));
    await expect(fetch(said.lab)).rejects.toThrow();
  });

  it("passes signals on, and stops the lab, a virtual one here, when the command has ended by them", async () => {
    const waits = `process.on("SIGTERM", () => process.exit(42)); console.log(process.env.PIPPIN_LAB); setInterval(() => {}, 1000);`;
    const running = commands.start([
      ...["exec", "--world", "virtual", "--fleet", "1", "--quiet", "--", ...node(waits)],
    ]);
    const [, url = ""] = await running.said(/(http:\S+)/);
    expect((await fetch(url)).status).toBe(401);
    running.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 42, stderr: "" });
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe("pippin up --fleet", () => {
  it("enrols the phones of the seed, and ends with a document that says so", async () => {
    const said: string[] = [];
    const hear = (text: string | Uint8Array) => said.push(String(text)) > 0;
    const stdout = vi.spyOn(process.stdout, "write").mockImplementation(hear);
    const stderr = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    try {
      expect(await main(["up", "--fleet", "2", "--seed", "5", "--once", "--json"])).toBe(0);
    } finally {
      stdout.mockRestore();
      stderr.mockRestore();
    }
    expect(said).toHaveLength(1);
    expect(JSON.parse(said[0] ?? "")).toMatchObject({ seed: "5", phones: 2 });
  });
});
