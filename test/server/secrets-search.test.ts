import { describe, expect, it } from "vitest";
import { logEvents } from "../../server/log.ts";
import type { TraceEvent } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import { JsonClient } from "../../simulator/json-client.ts";
import { runVirtual, type VirtualLab } from "../../simulator/lab.ts";
import { findSecrets, spellingsOf } from "../support/secret-search.ts";
import { smallJourney, smallOutcome, smallPassword } from "../support/small-journey.ts";

describe("the search itself", () => {
  const secret = "tree & apple/42?";

  it.each<[string, (text: string) => Buffer]>([
    ["as it is", (text) => Buffer.from(text)],
    ["in JSON", (text) => Buffer.from(JSON.stringify({ text }))],
    ["in hex", (text) => Buffer.from(Buffer.from(text).toString("hex"))],
    ["in capital hex", (text) => Buffer.from(Buffer.from(text).toString("hex").toUpperCase())],
    ["in a URL", (text) => Buffer.from(`/x?y=${encodeURIComponent(text)}`)],
    ["in a form", (text) => Buffer.from(new URLSearchParams({ text }).toString())],
    ["in UTF-16", (text) => Buffer.from(`x${text}`, "utf16le").subarray(0)],
    ["in XML", (text) => Buffer.from(`<string>${text.replace("&", "&amp;")}</string>`)],
    ["in base64", (text) => Buffer.from(Buffer.from(text).toString("base64"))],
    [
      "in base64 of something longer",
      (text) => Buffer.from(Buffer.from(`{"a":"${text}"}`).toString("base64")),
    ],
    [
      "in base64url, one further",
      (text) => Buffer.from(Buffer.from(`{"ab":"${text}"}`).toString("base64url")),
    ],
    ["in base64, two further", (text) => Buffer.from(Buffer.from(`{"abc":"${text}"}`).toString("base64"))],
  ])("finds a secret %s, and not another", (_how, write) => {
    const place = (text: string) => new Map([["here", write(text)]]);
    const secrets = new Map([["it", secret]]);
    expect(findSecrets(secrets, place(secret)).length).toBeGreaterThan(0);
    expect(findSecrets(secrets, place("tree & apple/43?"))).toEqual([]);
  });

  it("looks for some spellings of each", () => {
    expect(spellingsOf(secret).length).toBeGreaterThan(12);
    expect(() => spellingsOf("short")).toThrow("too short");
  });
});

/** Everything that was said in an exchange, by a client that tells. */
class ToldClient extends JsonClient {
  readonly answers: string[] = [];
  override async send<T>(method: string, path: string, body?: string, contentType?: string): Promise<T> {
    const answer = await super.send<T>(method, path, body, contentType);
    this.answers.push(`${method} ${path} ${JSON.stringify(answer)}`);
    return answer;
  }
}

/** The inner lines of a private key: by far the most of it, and nothing that its public half has too. */
function privateLines(pem: string): string[] {
  return pem.split("\n").slice(9, 15);
}

type Secrets = Map<string, string | Buffer>;

/** What the phones keep to themselves, or share with the server alone. */
async function phoneSecrets(secrets: Secrets, phoneWorld: World): Promise<void> {
  for (const folder of await phoneWorld.disk.list("/phones")) {
    for (const name of await phoneWorld.disk.list(`/phones/${folder}`)) {
      const content = await phoneWorld.disk.readFile(`/phones/${folder}/${name}`).catch(() => undefined);
      const text = content?.toString("utf8") ?? "";
      for (const [, key = "", value = ""] of text.matchAll(
        /"(pushMagic|unlockToken|sessionToken|privateKeyPem|challenge)":\s*"((?:[^"\\]|\\.)+)"/g,
      )) {
        const secret = JSON.parse(`"${value}"`) as string;
        const label = `${folder}'s ${key}`;
        if (key === "privateKeyPem") {
          for (const [at, line] of privateLines(secret).entries()) secrets.set(`${label}, line ${at}`, line);
        } else if (key === "unlockToken") secrets.set(label, Buffer.from(secret, "base64"));
        else secrets.set(label, secret);
      }
    }
  }
}

/** Every route that reads, about everything that is there. */
async function readEverything(lab: VirtualLab, answers: string[]): Promise<number> {
  const headers = { authorization: `Bearer ${lab.adminKey}` };
  const ask = async (path: string): Promise<string> => {
    const { body } = await lab.world.request(`${lab.serverUrl}${path}`, { headers, timeoutMs: 60_000 });
    const text = body.toString("utf8");
    answers.push(`GET ${path} ${text}`);
    return text;
  };
  const document = JSON.parse(await ask("/openapi.json")) as {
    paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
  };
  const readable = Object.entries(document.paths).filter(([, operations]) => operations["get"] !== undefined);
  const isStream = ([, operations]: (typeof readable)[number]) =>
    JSON.stringify(operations["get"]?.responses).includes("text/event-stream");
  const idsOf = async (path: string): Promise<string[]> => {
    const list = JSON.parse(await ask(`${path}?limit=100`)) as { items?: Record<string, unknown>[] };
    return (list.items ?? []).flatMap((item) =>
      ["id", "userId", "udid", "adamId", "commandUUID"].flatMap((name) =>
        typeof item[name] === "string" ? [item[name]] : [],
      ),
    );
  };
  let asked = 0;
  for (const [path] of readable.filter((entry) => !isStream(entry) && !entry[0].startsWith("/enroll"))) {
    let targets = [""];
    for (const part of path.split("/").slice(1)) {
      const before = targets;
      targets = [];
      for (const target of before) {
        if (!part.startsWith("{")) targets.push(`${target}/${part}`);
        else
          for (const id of new Set(await idsOf(target))) targets.push(`${target}/${encodeURIComponent(id)}`);
      }
      targets = targets.slice(0, 60);
    }
    for (const target of targets) {
      await ask(target);
      asked += 1;
    }
  }
  return asked;
}

async function folderOf(lab: VirtualLab, label: string, places: Map<string, Buffer>): Promise<void> {
  const { disk } = lab.serverProcess;
  for (const name of await disk.list("/server")) {
    const content = await disk.readFile(`/server/${name}`);
    if (content !== undefined) places.set(`${name}, ${label}`, content);
  }
}

it("after a whole journey no secret is in a log, a trace, an answer of the API or the data folder", async () => {
  const secrets: Secrets = new Map([["the people's password", smallPassword]]);
  const places = new Map<string, Buffer>();
  const events: TraceEvent[] = [];
  const log: string[] = [];
  let phoneWorld: World | undefined;
  const options = {
    seed: "secrets",
    progress: () => undefined,
    onEvent: (event: TraceEvent) => void events.push(event),
    phoneWorld: (world: World) => (phoneWorld = world),
  };
  await runVirtual(options, async (lab) => {
    logEvents(lab.recorder, "debug", { write: (line) => void log.push(line) });
    const client = (baseUrl: string, key: string) =>
      new ToldClient({ world: lab.world, baseUrl, key, patienceMs: 60_000 });
    const admin = client(lab.serverUrl, lab.adminKey);
    const apple = client(lab.appleUrl, lab.controlKey);
    secrets.set("the admin's key", lab.adminKey);
    secrets.set("the control key", lab.controlKey);

    const journey = Object.defineProperty({ ...lab, admin, apple }, "phones", { get: () => lab.phones });
    expect(await smallJourney(journey)).toEqual(smallOutcome);
    const key = await admin.post<{ id: string; key: string }>("/api/v1/keys", {
      name: "CI",
      role: "operator",
    });
    const rotated = await admin.post<{ key: string }>(`/api/v1/keys/${key.id}/rotate`, { graceSeconds: 600 });
    const webhook = await admin.post<{ secret: string }>("/api/v1/webhooks", {
      url: "http://10.0.0.9:9000/",
      events: [],
    });
    secrets.set("an API key", key.key);
    secrets.set("a rotated API key", rotated.key);
    secrets.set("a webhook's secret", webhook.secret);
    for (const answer of apple.answers) {
      const sToken = /"sToken":"([^"]+)"/.exec(answer)?.[1];
      if (sToken === undefined) continue;
      secrets.set("the sToken", sToken);
      const { token } = JSON.parse(Buffer.from(sToken, "base64").toString("utf8")) as { token: string };
      secrets.set("the token in the sToken", token);
    }
    for (const [, token = ""] of admin.answers.join("\n").matchAll(/\/enroll\/([\w-]{20,})/g))
      secrets.set(`enrolment token ${secrets.size}`, token);
    if (phoneWorld === undefined) throw new Error("The phones have no world.");
    await phoneSecrets(secrets, phoneWorld);

    const answers: string[] = [];
    expect(await readEverything(lab, answers)).toBeGreaterThan(60);
    places.set("the answers that read", Buffer.from(answers.join("\n")));
    // What is shown once was shown in these; nothing else of them may be secret.
    const shownOnce = /POST \/api\/v1\/(keys|webhooks|enrollment-tokens)/;
    const others = admin.answers.filter((answer) => !shownOnce.test(answer));
    const shown = new Map([["shown once", Buffer.from(admin.answers.join("\n"))]]);
    for (const what of ["an API key", "a rotated API key", "a webhook's secret"])
      expect(findSecrets(secrets, shown)).toContainEqual(expect.stringContaining(`${what} (plain)`));
    places.set("the answers of the journey", Buffer.from(others.join("\n")));
    await folderOf(lab, "while the server runs", places);
    const before = lab.serverProcess;
    await lab.stop();
    expect(before.alive).toBe(true);
    await folderOf(lab, "after its end", places);
  });
  const wires = events.filter(({ event }) => event === "wire");
  places.set("the log", Buffer.from(log.join("")));
  places.set("the trace", Buffer.from(events.map((event) => JSON.stringify(event)).join("\n")));
  places.set(
    "the trace's messages",
    Buffer.concat(wires.flatMap(({ bytes }) => [Buffer.from(String(bytes), "base64"), Buffer.from("\n")])),
  );

  // Of each kind there is one, and there is enough to look through.
  const kinds = [
    "sToken",
    "password",
    "API key",
    "admin's key",
    "pushMagic",
    "privateKeyPem",
    "sessionToken",
    "enrolment token",
    "webhook",
  ];
  for (const kind of kinds)
    expect(
      [...secrets.keys()].some((what) => what.includes(kind)),
      kind,
    ).toBe(true);
  expect(wires.length).toBeGreaterThan(200);
  expect(places.get("the log")?.length).toBeGreaterThan(10_000);
  for (const name of ["store.json, after its end", "store.json, while the server runs"])
    expect(places.has(name), name).toBe(true);
  expect([...places.keys()].some((name) => name.startsWith("journal-") && name.includes("runs"))).toBe(true);
  expect(findSecrets(secrets, places)).toEqual([]);
  // The same search finds what is no secret in each of them.
  for (const [where, content] of places) {
    if (where.startsWith("secret.key") || content.length === 0) continue;
    const known = where.startsWith("the")
      ? "361309726"
      : where.startsWith("store")
        ? "pippin-store"
        : "keyHash";
    expect(
      findSecrets(new Map([["known", known]]), new Map([[where, content]])).length,
      where,
    ).toBeGreaterThan(0);
  }
});
