import { describe, expect, it } from "vitest";
import type { TraceEvent } from "../../../shared/trace.ts";
import { give, openBench, pages, type Json } from "./bench.ts";

const wires = (events: TraceEvent[]): TraceEvent[] => events.filter(({ event }) => event === "wire");
const content = (event: TraceEvent | undefined): Json =>
  JSON.parse(Buffer.from(String(event?.bytes), "base64").toString()) as Json;

describe("what crosses the wire", () => {
  it("is recorded on Apple's side, request and answer, tied together", async () => {
    const bench = await openBench({ keepsWire: true });
    bench.events.length = 0;
    await bench.register("u1");
    const [request, answer, ...rest] = wires(bench.events);
    expect(rest).toEqual([]);
    expect(request).toMatchObject({
      channel: "vpp",
      from: "server",
      to: "apple",
      format: "json",
      side: "apple",
      method: "POST",
      target: "/WebObjects/MZFinance.woa/wa/registerVPPUserSrv",
    });
    expect(content(request).clientUserIdStr).toBe("u1");
    expect(answer).toMatchObject({
      channel: "vpp",
      from: "apple",
      to: "server",
      httpStatus: 200,
      cause: request?.seq,
    });
    expect(content(answer)).toMatchObject({ status: 0, user: { clientUserIdStr: "u1" } });
  });

  it("names the phone once its UDID is known, from the request or from what it was given", async () => {
    const bench = await openBench({ keepsWire: true });
    await bench.join("u1", "ann@example.com");
    await give(bench, pages, ["u1"]);
    bench.events.length = 0;
    const sessionToken = await bench.session("ann@example.com");
    const authorized = await bench.store("/store/v1/authorize", {
      sessionToken,
      adamId: pages,
      purchaseMethod: 1,
      udid: "phone-1",
    });
    await bench.store("/store/v1/download", { ticket: authorized.json.ticket });
    await bench.store("/store/v1/download", { ticket: authorized.json.ticket });
    await bench.send("GET", `/store/v1/lookup?adamId=${pages}`);
    const seen = wires(bench.events).map(
      ({ channel, from, to }) => `${String(channel)} ${String(from)}>${String(to)}`,
    );
    expect(seen).toEqual([
      "store phone>apple",
      "store apple>phone",
      "store phone-1>apple",
      "store apple>phone-1",
      "store phone-1>apple",
      "store apple>phone-1",
      "store phone>apple",
      "store apple>phone",
      "store phone>apple",
      "store apple>phone",
    ]);
    expect(wires(bench.events).at(-2)).toMatchObject({
      format: "empty",
      bytes: "",
      target: `/store/v1/lookup?adamId=${pages}`,
    });
  });

  it("is recorded for refusals and silence too", async () => {
    const bench = await openBench({ keepsWire: true });
    bench.events.length = 0;
    await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "nobody" });
    expect(content(wires(bench.events)[1])).toMatchObject({ status: -1, errorNumber: 9609 });
    await bench.store("/store/v1/sign-in", "{");
    expect(wires(bench.events)[3]).toMatchObject({ httpStatus: 400 });
    await bench.control("PUT", "/behaviour", { unavailable: { retryAfterSeconds: 1 } });
    await bench.send("POST", "/mdm/getVPPAssetsSrv", {});
    expect(wires(bench.events)[5]).toMatchObject({ httpStatus: 503, format: "empty" });
  });

  it("doesn't include the control API, and nothing when nobody keeps it", async () => {
    const kept = await openBench({ keepsWire: true });
    expect(wires(kept.events)).toEqual([]);
    const unkept = await openBench();
    await unkept.register("u1");
    expect(wires(unkept.events)).toEqual([]);
    expect(unkept.events.map(({ event }) => event)).toContain("user.registered");
  });
});

it("tells what happened to users and licences, marked as Apple's view", async () => {
  const bench = await openBench();
  bench.events.length = 0;
  await bench.join("u1", "ann@example.com");
  await give(bench, pages, ["u1", "u1"]);
  await bench.vpp("retireVPPUserSrv", { clientUserIdStr: "u1" });
  await bench.control("POST", "/tokens/token-1/revoke");
  expect(bench.events.every(({ side }) => side === "apple")).toBe(true);
  expect(bench.events.map(({ event }) => event)).toEqual([
    "user.registered",
    "user.accepted",
    "license.taken",
    "license.refused",
    "license.returned",
    "user.retired",
    "token.changed",
  ]);
  expect(bench.events[2]).toMatchObject({
    adamId: pages,
    clientUserIdStr: "u1",
    organisationId: bench.organisationId,
  });
  expect(bench.events[3]).toMatchObject({ errorNumber: 9616 });
  expect(bench.events[4]).toMatchObject({ reason: "retired", clientUserIdStr: "u1" });
});

it("answers the same calls with the same bytes in every run", async () => {
  const run = async (): Promise<unknown> => {
    const bench = await openBench({ keepsWire: true, dataFile: "/apple.json" });
    await bench.join("u1", "ann@example.com");
    await Promise.all(["u2", "u3", "u4"].map((user) => bench.register(user)));
    await give(bench, pages, ["u3", "u1"]);
    return [bench.events, String(bench.world.files.get("/apple.json"))];
  };
  expect(await run()).toEqual(await run());
});
