import { beforeEach, describe, expect, it } from "vitest";
import { app, device, installation, openHarness, type Harness } from "./harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

interface Operation {
  summary?: string;
  security?: Record<string, unknown>[];
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, unknown> };
}

describe("GET /openapi.json", () => {
  let document: Document;
  beforeEach(async () => {
    const { body } = await harness.call("GET", "/openapi.json", { key: harness.keys["read-only"] });
    document = body as unknown as Document;
  });
  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
    );

  it("is an OpenAPI 3.1 document of every route and no other", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(document.info.title).toContain("Pippin");
    const described = operations().map(({ method, path }) => `${method} ${path}`);
    const routed = harness.api.routeTable.map(({ method, path }) => `${method} ${path}`);
    expect(described.sort()).toEqual(routed.sort());
  });

  it("names every path parameter, a summary, an answer, and refusals as problem documents", () => {
    for (const { path, method, operation } of operations()) {
      const name = `${method} ${path}`;
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(described.map((parameter) => parameter.name).sort(), name).toEqual(inPath.sort());
      expect(
        described.every(({ required }) => required),
        name,
      ).toBe(true);
      expect(operation.summary, name).toBeTruthy();
      const statuses = Object.keys(operation.responses);
      expect(
        statuses.some((status) => status.startsWith("2")),
        name,
      ).toBe(true);
      for (const status of statuses.filter((text) => !text.startsWith("2"))) {
        expect(Object.keys(operation.responses[status]?.content ?? {}), name).toEqual([
          "application/problem+json",
        ]);
      }
    }
  });

  it("asks for a key or a session on everything below /api but the way in, and refers to nothing that isn't in it", () => {
    for (const { path, method, operation } of operations().filter((each) => each.path.startsWith("/api/"))) {
      const isWayIn = `${method} ${path}` === "POST /api/v1/sessions";
      expect(operation.security, path).toEqual(isWayIn ? [] : [{ apiKey: [] }, { session: [] }]);
    }
    const schemes = document.components.securitySchemes;
    expect(schemes["apiKey"]).toMatchObject({ type: "http", scheme: "bearer" });
    expect(schemes["session"]).toMatchObject({ type: "apiKey", in: "cookie", name: "pippin-session" });
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(20);
    for (const [, name = ""] of references) expect(document.components.schemas, name).toHaveProperty([name]);
  });

  it("gives for each body an example that the route's own schema takes", () => {
    const withBody = harness.api.endpoints.filter(({ schemas }) => schemas.body);
    expect(withBody.length).toBeGreaterThan(10);
    for (const { method, path, schemas, requestExample } of withBody) {
      expect(schemas.body?.safeParse(requestExample).error, `${method} ${path}`).toBeUndefined();
      const content = document.paths[path]?.[method]?.requestBody?.content["application/json"];
      expect(content?.example, `${method} ${path}`).toEqual(requestExample);
    }
  });
});

describe("GET /metrics", () => {
  it("is in Prometheus' text format, with counts of requests, commands, installations and licences", async () => {
    await harness.store.transaction(async (tx) => {
      await tx.put("apps", app("1"));
      await tx.put("devices", device("phone-1"));
      await tx.put("installations", installation("phone-1", "1", { state: "failed" }));
    });
    await harness.call("GET", "/api/v1/apps");
    await harness.call("GET", "/api/v1/apps/1", { key: null });
    await harness.call("POST", "/api/v1/devices/phone-1/commands", {
      json: { command: { RequestType: "ProfileList" } },
    });
    const { text, headers, status } = await harness.call("GET", "/metrics", {
      key: harness.keys["read-only"],
    });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const samples = new Map<string, number>();
    for (const line of text.split("\n").filter((each) => each !== "")) {
      if (line.startsWith("# ")) {
        expect(line).toMatch(/^# (HELP|TYPE) pippin_\w+ \S/);
        continue;
      }
      const match = /^(pippin_\w+(?:\{(?:\w+="[^"]*",?)*\})?) (\S+)$/.exec(line);
      expect(match, line).not.toBeNull();
      samples.set(match?.[1] ?? "", Number(match?.[2]));
    }
    expect([...samples.values()].every(Number.isFinite)).toBe(true);
    const requests = 'pippin_http_requests_total{method="GET",route=';
    expect(samples.get(`${requests}"/api/v1/apps",status="200"}`)).toBe(1);
    expect(samples.get(`${requests}"/api/v1/apps/{adamId}",status="401"}`)).toBe(1);
    expect(samples.get('pippin_commands_total{event="queued"}')).toBe(1);
    expect(samples.get('pippin_installations{state="failed"}')).toBe(1);
    expect(samples.get('pippin_installations{state="installed"}')).toBe(0);
    expect(samples.get('pippin_licenses{adam_id="1",count="available"}')).toBe(6);
    expect(samples.get("pippin_connected_phones")).toBe(1);
    expect(samples.get("pippin_store_healthy")).toBe(1);
  });
});
