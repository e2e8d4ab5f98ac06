import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { openHarness } from "./harness.ts";

function consoleApp(): Hono {
  const app = new Hono();
  app.get("/console", (c) => c.text("the console"));
  app.get("/console/*", (c) => c.text(`the console at ${c.req.path}`));
  return app;
}

describe("the console", () => {
  it("is there for everybody, at its own place, to be read only", async () => {
    const { api, call } = await openHarness({ consoleApp: consoleApp() });
    expect((await call("GET", "/console", { key: null })).text).toBe("the console");
    expect((await call("GET", "/console/users/anna", { key: null })).text).toBe(
      "the console at /console/users/anna",
    );
    expect((await call("POST", "/console", { key: null })).status).toBe(405);
    expect((await call("GET", "/api/v1/users", { key: null })).status).toBe(401);
    const listed = api.routeTable.filter(({ path }) => /^\/(console.*)?$/.test(path));
    expect(listed).toEqual(
      ["/", "/console", "/console/*"].map((path) => ({ method: "GET", path, role: "open" })),
    );
  });

  it("is where one comes who names no place, if there is one", async () => {
    const { call } = await openHarness({ consoleApp: consoleApp() });
    const sent = await call("GET", "/", { key: null });
    expect([sent.status, sent.headers.get("location")]).toEqual([302, "/console"]);
    expect((await (await openHarness()).call("GET", "/", { key: null })).status).toBe(404);
  });

  it("is refused with routes elsewhere, and with routes that change something", async () => {
    const elsewhere = new Hono();
    elsewhere.get("/api/v1/users", (c) => c.text("all of them"));
    const changing = new Hono();
    changing.post("/console", (c) => c.text("done"));
    for (const app of [elsewhere, changing])
      await expect(openHarness({ consoleApp: app })).rejects.toThrow("no business");
  });
});
