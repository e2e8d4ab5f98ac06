import { describe, expect, it } from "vitest";
import { VppClient, VppError } from "../../../server/licensing/vpp-client.ts";
import { PippinError } from "../../../shared/errors.ts";
import { NetworkError, type HttpResponse, type World } from "../../../shared/world.ts";
import { worldWith } from "../../../shared/world-with.ts";
import { createVirtualWorld } from "../../../simulator/virtual/virtual-world.ts";

type Script = (url: string, body: Record<string, unknown>) => Partial<HttpResponse> & { json?: unknown };

const config = Object.fromEntries(
  [
    ...["registerUserSrvUrl", "editUserSrvUrl", "getUserSrvUrl", "getUsersSrvUrl", "retireUserSrvUrl"],
    ...["getLicensesSrvUrl", "getVPPAssetsSrvUrl", "manageVPPLicensesByAdamIdSrvUrl", "clientConfigSrvUrl"],
    ...["associateLicenseSrvUrl", "disassociateLicenseSrvUrl", "invitationEmailUrl"],
    ...["contentMetadataLookupUrl", "vppWebsiteUrl"],
  ].map((name) => [name, `http://apple.example/${name}`]),
);
const serviceConfig = {
  ...config,
  maxBatchAssociateLicenseCount: 10,
  maxBatchDisassociateLicenseCount: 10,
  errorCodes: [],
};

/** Runs `use` on a client whose Apple answers as scripted; the service configuration is answered by itself. */
async function withClient<T>(
  script: Script,
  use: (client: VppClient, world: World) => Promise<T>,
): Promise<T> {
  const virtual = createVirtualWorld({ seed: "client" });
  const { world } = virtual.process("server");
  const scripted = worldWith(world, {
    async request(url, init) {
      if (url.endsWith("VPPServiceConfigSrv")) return answer({ json: serviceConfig });
      return answer(script(url, JSON.parse(String(init?.body ?? "{}")) as Record<string, unknown>));
    },
  });
  return virtual.run(() => use(new VppClient(scripted, "http://apple.example"), scripted));
}

function answer({ status = 200, headers = {}, json = {}, body }: ReturnType<Script>): HttpResponse {
  return { status, headers, body: body ?? Buffer.from(JSON.stringify(json)) };
}

const user = { userId: 1, clientUserIdStr: "u", status: "Registered", inviteUrl: "http://apple.example/i" };

describe("VppClient", () => {
  it("takes an error in an HTTP 200 for what it is", async () => {
    const refused = { json: { status: -1, errorNumber: 9622, errorMessage: "Invalid authentication token" } };
    await withClient(
      () => refused,
      async (client) => {
        const error = await client.getUser("t", "u").catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(VppError);
        expect(error).toMatchObject({ errorNumber: 9622 });
      },
    );
  });

  it.each([[9603], [9646]])("repeats the same request after %i, and then goes on", async (errorNumber) => {
    let asked = 0;
    await withClient(
      () => {
        asked += 1;
        return { json: asked < 3 ? { status: -1, errorNumber, errorMessage: "later" } : { status: 0, user } };
      },
      async (client, world) => {
        const before = world.now();
        expect(await client.getUser("t", "u")).toMatchObject({ clientUserIdStr: "u" });
        expect(asked).toBe(3);
        expect(world.now()).toBeGreaterThan(before);
      },
    );
  });

  it("gives up a request that keeps failing after four tries", async () => {
    let asked = 0;
    await withClient(
      () => {
        asked += 1;
        return { json: { status: -1, errorNumber: 9603, errorMessage: "Internal error" } };
      },
      async (client) => {
        await expect(client.getUser("t", "u")).rejects.toMatchObject({ errorNumber: 9603 });
        expect(asked).toBe(4);
      },
    );
  });

  it("waits as long as Retry-After says, no shorter", async () => {
    let asked = 0;
    await withClient(
      () => {
        asked += 1;
        return asked === 1
          ? { status: 503, headers: { "retry-after": "17" } }
          : { json: { status: 0, user } };
      },
      async (client, world) => {
        const before = world.now();
        await client.getUser("t", "u");
        expect(world.now() - before).toBeGreaterThanOrEqual(17_000);
        expect(asked).toBe(2);
      },
    );
  });

  it("does not sit out a pause of an hour but says how long it is", async () => {
    await withClient(
      () => ({ status: 503, headers: { "retry-after": "3600" } }),
      async (client) => {
        const error = await client.getUser("t", "u").catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: "apple_unavailable", details: { retryAfterMs: 3_600_000 } });
      },
    );
  });

  it.each([
    [
      "nobody answers",
      () => {
        throw new NetworkError("unreachable", "nobody");
      },
    ],
    ["a page of HTML", () => ({ body: Buffer.from("<html>") })],
    ["HTTP status 500", () => ({ status: 500 })],
    ["an answer of another form", () => ({ json: { status: 0, user: { userId: "one" } } })],
  ] as [string, Script][])("calls it apple_unavailable when %s", async (_name, script) => {
    await withClient(script, async (client) => {
      const error = await client.getUser("t", "u").catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(PippinError);
      expect(error).toMatchObject({ code: "apple_unavailable" });
    });
  });

  it("reads a list to its sinceModifiedToken, past empty pages", async () => {
    const pages = [
      { users: [user], batchToken: "1", totalCount: 2 },
      { batchToken: "2" },
      { users: [{ ...user, clientUserIdStr: "v" }], sinceModifiedToken: "end" },
    ];
    const asked: Record<string, unknown>[] = [];
    await withClient(
      (_url, body) => {
        asked.push(body);
        return { json: { status: 0, ...pages[asked.length - 1] } };
      },
      async (client) => {
        const found: string[] = [];
        const token = await client.users("t", "since", (page) => {
          found.push(...page.map((entry) => entry.clientUserIdStr));
          return Promise.resolve();
        });
        expect(found).toEqual(["u", "v"]);
        expect(token).toBe("end");
        expect(asked.map((body) => body["batchToken"] ?? body["sinceModifiedToken"])).toEqual([
          "since",
          "1",
          "2",
        ]);
      },
    );
  });

  it("refuses a list that has neither a next page nor an end", async () => {
    await withClient(
      () => ({ json: { status: 0, users: [] } }),
      async (client) => {
        await expect(client.users("t", null, () => Promise.resolve())).rejects.toMatchObject({
          code: "apple_refused",
        });
      },
    );
  });

  it("hands on what one entry of a partly failed call says", async () => {
    const entry = { clientUserIdStr: "u", errorNumber: 9610, errorMessage: "License not found" };
    await withClient(
      () => ({ json: { status: -3, associations: [entry] } }),
      async (client) => {
        const seat = { adamIdStr: "1", pricingParam: "STDQ", clientUserIdStr: "u" };
        expect(await client.associate("t", seat)).toMatchObject({ errorNumber: 9610 });
      },
    );
  });

  it("waits at least as long as Retry-After says with everything else it is asked meanwhile", async () => {
    const times: number[] = [];
    let world: World | undefined;
    await withClient(
      () => {
        times.push(world?.now() ?? 0);
        return times.length === 1
          ? { status: 503, headers: { "retry-after": "20" } }
          : { json: { status: 0, user } };
      },
      async (client, virtual) => {
        world = virtual;
        const first = client.getUser("t", "u");
        await virtual.sleep(5_000);
        await Promise.all([first, client.getUser("t", "v"), client.getUser("t", "w")]);
        const [begun = 0, ...rest] = times;
        expect(rest).toHaveLength(3);
        for (const time of rest) expect(time - begun).toBeGreaterThanOrEqual(20_000);
        // And not all in the same instant.
        expect(new Set(rest).size).toBeGreaterThan(1);
      },
    );
  });

  it("takes a Retry-After that is a date, and does not hammer a service that says 0", async () => {
    let asked = 0;
    await withClient(
      () => {
        asked += 1;
        if (asked === 1) return { status: 503, headers: { "retry-after": "Wed, 15 Jun 2016 08:00:09 GMT" } };
        if (asked === 2) return { status: 503, headers: { "retry-after": "0" } };
        return { json: { status: 0, user } };
      },
      async (client, world) => {
        await client.getUser("t", "u");
        expect(world.now()).toBeGreaterThanOrEqual(Date.UTC(2016, 5, 15, 8, 0, 9) + 250);
      },
    );
  });

  it("spreads and bounds the waits after 9646: each longer than the one before, with chance from the world", async () => {
    const waits = async (seed: string) => {
      const times: number[] = [];
      const virtual = createVirtualWorld({ seed });
      const { world } = virtual.process("server");
      const scripted = worldWith(world, {
        async request(url) {
          if (url.endsWith("VPPServiceConfigSrv")) return answer({ json: serviceConfig });
          times.push(world.now());
          return answer({ json: { status: -1, errorNumber: 9646, errorMessage: "Too many requests" } });
        },
      });
      await virtual.run(async () => {
        const error = await new VppClient(scripted, "http://apple.example")
          .getUser("t", "u")
          .catch((caught: unknown) => caught);
        expect(error).toMatchObject({ errorNumber: 9646 });
      });
      return times.slice(1).map((time, at) => time - (times[at] ?? 0));
    };
    const one = await waits("one");
    expect(one).toHaveLength(3);
    for (const [at, wait] of one.entries()) {
      expect(wait).toBeGreaterThanOrEqual(250 * 2 ** at);
      expect(wait).toBeLessThanOrEqual(501 * 2 ** at);
    }
    expect(await waits("one")).toEqual(one);
    expect(await waits("two")).not.toEqual(one);
  });

  it("fetches the service configuration once in five minutes, however many ask", async () => {
    let fetched = 0;
    const virtual = createVirtualWorld({ seed: "config" });
    const { world } = virtual.process("server");
    const scripted = worldWith(world, {
      async request(url) {
        if (!url.endsWith("VPPServiceConfigSrv")) return answer({ json: { status: 0, user } });
        fetched += 1;
        await world.sleep(100);
        return answer({ json: serviceConfig });
      },
    });
    await virtual.run(async () => {
      const client = new VppClient(scripted, "http://apple.example");
      await Promise.all([client.getUser("t", "u"), client.getUser("t", "v"), client.serviceConfig()]);
      expect(fetched).toBe(1);
      await world.sleep(5 * 60_000 - 200);
      await client.getUser("t", "u");
      expect(fetched).toBe(1);
      await world.sleep(200);
      await client.getUser("t", "u");
      expect(fetched).toBe(2);
    });
  });

  it("asks for a page of a list again when it shows neither a next page nor an end", async () => {
    let asked = 0;
    await withClient(
      () => {
        asked += 1;
        return { json: { status: 0, users: [user], ...(asked < 3 ? {} : { sinceModifiedToken: "end" }) } };
      },
      async (client) => {
        expect(await client.users("t", null, () => Promise.resolve())).toBe("end");
      },
    );
  });

  describe("once it knows its own guid", () => {
    const own = { clientContext: '{"hostname":"us.example","guid":"ours"}' };
    const other = { clientContext: '{"hostname":"them.example","guid":"theirs"}' };

    it("R19: sends nothing more with a token whose account shows another's claim, also what was asked before", async () => {
      let asked = 0;
      await withClient(
        () => {
          asked += 1;
          return { json: { status: 0, user, ...other } };
        },
        async (client) => {
          const claims: string[] = [];
          client.watchWith({
            claimed: (sToken, holder) => Promise.resolve(void claims.push(`${sToken} ${holder}`)),
            refused: () => Promise.resolve(),
          });
          client.identifyAs("ours");
          const error = await client.getUser("t", "u").catch((caught: unknown) => caught);
          expect(error).toMatchObject({
            code: "token_claimed_elsewhere",
            details: { claimedBy: "them.example" },
          });
          await expect(client.getUser("t", "u")).rejects.toMatchObject({ code: "token_claimed_elsewhere" });
          expect([asked, claims]).toEqual([1, ["t them.example"]]);
          client.reopen();
          await client.getUser("t", "u").catch(() => undefined);
          expect(asked).toBe(2);
        },
      );
    });

    it.each([
      ["its own claim", own],
      ["its own claim under an older host name", { clientContext: '{"hostname":"old","guid":"ours"}' }],
      ["no claim", {}],
    ])("goes on when an answer shows %s", async (_name, context) => {
      await withClient(
        () => ({ json: { status: 0, user, ...context } }),
        async (client) => {
          client.identifyAs("ours");
          expect(await client.getUser("t", "u")).toMatchObject({ clientUserIdStr: "u" });
        },
      );
    });
  });

  it("tells of a token that Apple refuses, and not of other refusals", async () => {
    for (const errorNumber of [9601, 9621, 9622, 9625, 9604]) {
      await withClient(
        () => ({ json: { status: -1, errorNumber, errorMessage: "no" } }),
        async (client) => {
          const told: number[] = [];
          client.watchWith({
            claimed: () => Promise.resolve(),
            refused: (_sToken, error) => Promise.resolve(void told.push(error.errorNumber)),
          });
          await client.getUser("t", "u").catch(() => undefined);
          expect(told).toEqual(errorNumber === 9604 ? [] : [errorNumber]);
        },
      );
    }
  });
});
