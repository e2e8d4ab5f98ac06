import { beforeEach, describe, expect, it } from "vitest";
import { openHarness, type Answered, type Harness } from "../api/harness.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});

const header = "id,name,email,groups";
const csv = (lines: string[], query = "") =>
  harness.call("POST", `/api/v1/users/import${query}`, {
    body: lines.join("\n"),
    headers: { "content-type": "text/csv" },
  });
const good = [
  header,
  "anna,Anna Bianchi,anna@orchard.example,Sales;Field",
  "bruno,Bruno,bruno@orchard.example,",
];
const counts = () =>
  harness.store.read(async (reader) => [
    await reader.count("users", "all", ""),
    await reader.count("groups", "all", ""),
  ]);
const moved = () =>
  harness.calls.filter(({ name }) => name === "membershipChanged").map(({ args }) => args[0]);
const result = (answer: Answered) => [
  answer.body["created"],
  answer.body["updated"],
  answer.body["unchanged"],
  answer.body["groupsCreated"],
];

describe("an import", () => {
  it("creates users and the groups they name, and tells the deployments who moved", async () => {
    expect(result(await csv(good))).toEqual([2, 0, 0, 2]);
    const { body } = await harness.call("GET", "/api/v1/users/anna");
    expect(body).toMatchObject({ name: "Anna Bianchi", terms: { status: "notInvited", checkedAt: null } });
    const groups = await harness.call("GET", "/api/v1/groups");
    const byId = new Map(
      (groups.body["items"] as { id: string; name: string }[]).map(({ id, name }) => [id, name]),
    );
    expect((body["groupIds"] as string[]).map((id) => byId.get(id)).sort()).toEqual(["Field", "Sales"]);
    expect(moved()).toEqual(["anna"]);
    expect(harness.calls.at(-1)?.name).toBe("wake");
  });

  it("changes nothing the second time, whatever the case of a group's name", async () => {
    await csv(good);
    harness.calls.length = 0;
    expect(result(await csv(good.map((line) => line.replace("Sales", "sales"))))).toEqual([0, 0, 2, 0]);
    expect(moved()).toEqual([]);
    expect(await counts()).toEqual([2, 2]);
  });

  it("brings up to date who is there, and keeps what Apple knows of them", async () => {
    await csv(good);
    harness.calls.length = 0;
    const identity = async () =>
      (await harness.store.read((reader) => reader.get("users", "bruno")))?.vpp.clientUserIdStr;
    const before = await identity();
    const answer = await csv([
      header,
      "anna,Anna B.,anna@orchard.example,Sales;Field",
      "bruno,Bruno,bruno@orchard.example,Sales",
    ]);
    expect(result(answer)).toEqual([0, 2, 0, 0]);
    expect(moved()).toEqual(["bruno"]);
    expect(await identity()).toBe(before);
  });

  it("does nothing in a dry run but say what it would", async () => {
    expect(result(await csv(good, "?dryRun=true"))).toEqual([2, 0, 0, 2]);
    expect(await counts()).toEqual([0, 0]);
    expect(harness.calls).toEqual([]);
    expect(result(await csv(good))).toEqual([2, 0, 0, 2]);
  });

  it("takes the same as JSON", async () => {
    const users = [
      { id: "anna", name: "Anna Bianchi", email: "anna@orchard.example", groups: ["Sales", "Field"] },
    ];
    expect(result(await harness.call("POST", "/api/v1/users/import", { json: { users } }))).toEqual([
      1, 0, 0, 2,
    ]);
    expect(result(await csv(good))).toEqual([1, 0, 1, 0]);
    const twice = await harness.call("POST", "/api/v1/users/import", {
      json: { users: [...users, ...users] },
    });
    expect([twice.body["code"], twice.body["detail"]]).toEqual([
      "invalid_request",
      "body.users.1.id: expected each id once",
    ]);
  });

  it("says who is new or different, and what about them, in a dry run as in earnest", async () => {
    await csv(good);
    const next = [header, "anna,Anna B.,anna@orchard.example,Field;Night", good[2] ?? "", "carla,Carla,c@d,"];
    const expected = {
      created: 1,
      updated: 1,
      unchanged: 1,
      groupsCreated: 1,
      changes: [
        { id: "anna", change: "updated", fields: ["name", "groups"] },
        { id: "carla", change: "created", fields: [] },
      ],
      groups: ["Night"],
    };
    const before = harness.events.length;
    expect((await csv(next, "?dryRun=true")).body).toEqual({ dryRun: true, ...expected });
    expect(await counts()).toEqual([2, 2]);
    expect((await csv(next)).body).toEqual({ dryRun: false, ...expected });
    expect((await csv(next)).body).toMatchObject({
      created: 0,
      updated: 0,
      unchanged: 3,
      changes: [],
      groups: [],
    });
    const imports = harness.events.slice(before).filter(({ what }) => what === "users.imported");
    expect(imports).toMatchObject([{ created: 1, updated: 1, unchanged: 1 }]);
  });

  it("takes the columns in any order, and leaves groups alone that are not spoken of", async () => {
    await csv(good);
    harness.calls.length = 0;
    expect(result(await csv(["email,id,name", "anna@new.example,anna,Anna Bianchi"]))).toEqual([0, 1, 0, 0]);
    const users = [{ id: "anna", name: "Anna", email: "anna@new.example" }];
    expect(result(await harness.call("POST", "/api/v1/users/import", { json: { users } }))).toEqual([
      0, 1, 0, 0,
    ]);
    const { body } = await harness.call("GET", "/api/v1/users/anna");
    expect([body["name"], (body["groupIds"] as string[]).length, moved()]).toEqual(["Anna", 2, []]);
  });

  it("of a header alone, or of no users, is one in which there is nothing to do", async () => {
    expect(result(await csv([header]))).toEqual([0, 0, 0, 0]);
    expect(result(await harness.call("POST", "/api/v1/users/import", { json: { users: [] } }))).toEqual([
      0, 0, 0, 0,
    ]);
    const empty = await harness.call("POST", "/api/v1/users/import", {
      body: "",
      headers: { "content-type": "text/csv" },
    });
    expect([empty.status, empty.body["code"]]).toEqual([400, "invalid_request"]);
  });

  it("reads what spreadsheets write: a byte order mark, quotes, CRLF, empty lines", async () => {
    const text = `\uFEFF${header}\r\n"anna","Bianchi, Anna",anna@orchard.example,"Sales; Field"\r\n\r\n`;
    expect(result(await csv([text]))).toEqual([1, 0, 0, 2]);
    expect((await harness.call("GET", "/api/v1/users/anna")).body["name"]).toBe("Bianchi, Anna");
  });
});

describe("a line that is not as expected", () => {
  const tooManyGroups = Array.from({ length: 201 }, (_, index) => `g${index}`).join(";");
  it.each([
    ["another header", ["id,name,mail,groups"], 1, "header"],
    ["nothing at all", [" "], 1, "header"],
    ["a column too few", [...good, "carla,Carla,carla@orchard.example"], 4, "4 columns"],
    ["a column too many", [...good, "carla,Carla,carla@orchard.example,Sales,x"], 4, "4 columns"],
    ["an id with a space", [...good, "car la,Carla,carla@orchard.example,"], 4, "id: "],
    ["no name", [...good, "carla,,carla@orchard.example,"], 4, "name: "],
    ["a bad address", [...good, "carla,Carla,carla,"], 4, "email: "],
    ["an id that came before", [...good, "anna,Anna,anna@orchard.example,"], 4, "line 2"],
    ["too many groups", [...good, `carla,Carla,c@d,${tooManyGroups}`], 4, "groups: "],
    ["an open quote", [...good, 'carla,"Carla,carla@orchard.example,'], 4, "comma-separated"],
    ["a field without end", [...good, `carla,${"x".repeat(70_000)},c@d,`], 4, "comma-separated"],
  ])("(%s) refuses the whole import and says which", async (_what, lines, line, expected) => {
    const refused = await csv(lines);
    expect([refused.status, refused.body["code"], refused.body["line"]], refused.text).toEqual([
      400,
      "malformed_csv",
      line,
    ]);
    expect(refused.body["expected"]).toContain(expected);
    expect(await counts()).toEqual([0, 0]);
  });

  it("is named with all the others, by line and column, and nothing is imported", async () => {
    const refused = await csv([
      ...good,
      "car la,,c@d,",
      "dora,Dora,dora@orchard.example,Sales",
      "emil,Emil,emil,",
      "dora,Dora again,d@e,",
    ]);
    expect(refused.body["lines"]).toMatchObject([
      { line: 4, column: "id" },
      { line: 4, column: "name" },
      { line: 6, column: "email" },
      { line: 7, column: "id", expected: "each id once (line 5 has this one)" },
    ]);
    expect([refused.body["errorCount"], refused.body["line"]]).toEqual([4, 4]);
    expect(await counts()).toEqual([0, 0]);
    const many = await csv([header, ...Array.from({ length: 150 }, (_, index) => `u${index},U,nowhere,`)]);
    expect([(many.body["lines"] as unknown[]).length, many.body["errorCount"]]).toEqual([100, 150]);
  });

  it("is named by its index when it came as JSON", async () => {
    const users = [
      { id: "anna", name: "Anna", email: "a@b" },
      { id: "bruno", name: "", email: "b" },
      { id: "carla", name: "Carla", email: "c@d", phone: "1" },
    ];
    const refused = await harness.call("POST", "/api/v1/users/import", { json: { users } });
    const paths = (refused.body["errors"] as { path: string }[]).map(({ path }) => path);
    expect(paths).toEqual(["body.users.1.name", "body.users.1.email", "body.users.2.phone"]);
    const bad = Array.from({ length: 150 }, (_, index) => ({ id: `u${index}`, name: "U", email: "nowhere" }));
    const many = await harness.call("POST", "/api/v1/users/import", { json: { users: bad } });
    expect([(many.body["errors"] as unknown[]).length, many.body["errorCount"]]).toEqual([100, 150]);
    expect(await counts()).toEqual([0, 0]);
  });

  it.each([
    ["an unknown column", "id,name,email,groups,phone", "phone", "id,name,email,groups"],
    ["a column twice", "id,name,email,email", "email", "each once"],
    ["a missing column", "id,name,groups", "email", "id,name,email,groups"],
    ["semicolons in place of commas", "id;name;email;groups", null, "these look like semicolons"],
    ["tabs in place of commas", "id\tname\temail", null, "these look like tabs"],
  ])("can be the header's: %s", async (_what, first, column, expected) => {
    const refused = await csv([first, "anna,Anna,a@b,Sales,1"]);
    expect([refused.status, refused.body["code"]]).toEqual([400, "malformed_csv"]);
    expect((refused.body["lines"] as object[])[0]).toMatchObject({ line: 1, column });
    expect(refused.body["expected"]).toContain(expected);
  });

  it("is none of encoding: UTF-16 is refused as a whole, and so is another charset by name", async () => {
    const utf16 = Buffer.from(`\uFEFF${good.join("\r\n")}`, "utf16le");
    const headers = { "content-type": "text/csv" };
    const refused = await harness.call("POST", "/api/v1/users/import", {
      body: new Uint8Array(utf16),
      headers,
    });
    expect([refused.status, refused.body["code"]]).toEqual([400, "malformed_csv"]);
    const named = await harness.call("POST", "/api/v1/users/import", {
      body: good.join("\n"),
      headers: { "content-type": "text/csv; charset=iso-8859-1" },
    });
    expect([named.status, named.body["code"]]).toEqual([415, "unsupported_media_type"]);
    expect(result(await csv(good))).toEqual([2, 0, 0, 2]);
  });

  it("is named also when the text is no UTF-8, or too much of it", async () => {
    const headers = { "content-type": "text/csv" };
    const latin = await harness.call("POST", "/api/v1/users/import", {
      body: new Uint8Array([0x69, 0xe9]),
      headers,
    });
    expect(latin.body["code"]).toBe("malformed_csv");
    const long = await harness.call("POST", "/api/v1/users/import", {
      body: "x".repeat(10 * 1024 * 1024 + 1),
      headers,
    });
    expect(long.body["code"]).toBe("body_too_large");
    const rows = Array.from({ length: 20_001 }, (_, index) => `u${index},U,u@v,`);
    expect((await csv([header, ...rows])).body["expected"]).toContain("at most 20000");
    expect(await counts()).toEqual([0, 0]);
  });
});

describe("a directory", () => {
  it("holds at most a thousand groups, whichever way they come", async () => {
    await harness.store.transaction(async (tx) => {
      for (let index = 0; index < 999; index += 1) {
        await tx.put("groups", { id: `g${index}`, name: `Group ${index}`, createdAt: 0 });
      }
    });
    const refused = await csv([header, "anna,Anna,a@b,New 1;New 2"]);
    expect([refused.status, refused.body["code"]]).toEqual([429, "limit_exceeded"]);
    expect(await counts()).toEqual([0, 999]);
    expect((await csv([header, "anna,Anna,a@b,New 1"])).status).toBe(200);
    expect((await harness.call("POST", "/api/v1/groups", { json: { name: "One more" } })).body["code"]).toBe(
      "limit_exceeded",
    );
  });

  it("puts a user into 200 groups and no more", async () => {
    await harness.store.transaction(async (tx) => {
      for (let index = 0; index <= 200; index += 1)
        await tx.put("groups", { id: `g${index}`, name: `G${index}`, createdAt: 0 });
    });
    const groupIds = Array.from({ length: 199 }, (_, index) => `g${index}`);
    await harness.call("POST", "/api/v1/users", {
      json: { id: "anna", name: "Anna", email: "a@b", groupIds },
    });
    expect((await harness.call("PUT", "/api/v1/groups/g199/members/anna")).status).toBe(204);
    expect((await harness.call("PUT", "/api/v1/groups/g200/members/anna")).body["code"]).toBe(
      "limit_exceeded",
    );
  });

  it("tells the deployments of a move only when there is one", async () => {
    await harness.call("POST", "/api/v1/groups", { json: { id: "sales", name: "Sales" } });
    await harness.call("POST", "/api/v1/users", { json: { id: "anna", name: "Anna", email: "a@b" } });
    expect(moved()).toEqual([]);
    const path = "/api/v1/groups/sales/members/anna";
    const steps: [string, string, unknown, number][] = [
      ["DELETE", path, undefined, 0],
      ["PUT", path, undefined, 1],
      ["PUT", path, undefined, 1],
      ["PATCH", "/api/v1/users/anna", { name: "Anna B.", groupIds: ["sales"] }, 1],
      ["PATCH", "/api/v1/users/anna", { groupIds: [] }, 2],
      ["PATCH", "/api/v1/users/anna", { groupIds: ["sales", "sales"] }, 3],
      ["DELETE", path, undefined, 4],
    ];
    for (const [method, target, json, expected] of steps) {
      const answer = await harness.call(method, target, json === undefined ? {} : { json });
      expect(answer.status).toBeLessThan(300);
      expect(moved()).toHaveLength(expected);
    }
    expect((await harness.call("GET", "/api/v1/groups/sales")).body["memberCount"]).toBe(0);
  });
});
