/** The lab as a whole: what it is, and keeping it, bringing it back, carrying it away. */
import type { Hono } from "hono";
import { z } from "zod";
import { namePattern } from "../snapshots/lab-keeper.ts";
import type { ControlledLab } from "./controlled-lab.ts";
import { decodeBody, decodeQuery, readBytes } from "./decode.ts";

const root = "/lab/v1";
/** A fleet of some thousand phones. */
const importBytesMax = 1024 * 1024 * 1024;

const Name = z
  .string()
  .regex(namePattern, "expected a name of up to 64 letters, digits, dots, hyphens and underscores");
const Named = z.strictObject({ name: Name });
const Nothing = z.strictObject({});

/** Adds the routes. */
export function labRoutes(app: Hono, control: ControlledLab): void {
  app.get(root, (context) => {
    const { lab, serverUrl, appleUrl, clock, keeping } = control;
    const views = lab.phones.map((phone) => phone.view());
    return context.json({
      seed: lab.seed,
      world: lab.world.kind,
      now: new Date(lab.world.now()).toISOString(),
      clockMovable: clock !== undefined,
      ...{ serverUrl, appleUrl },
      phones: {
        total: views.length,
        enrolled: views.filter(({ enrolled }) => enrolled).length,
        connected: views.filter(({ connected }) => connected).length,
        asking: views.filter(({ prompt }) => prompt !== null).length,
      },
      beginning: keeping.beginning,
      underWay: keeping.underWay ?? null,
    });
  });
  app.get(`${root}/snapshots`, async (context) => context.json({ items: await control.keeping.snapshots() }));
  app.post(`${root}/snapshots`, async (context) => {
    const { name } = await decodeBody(Named, context);
    return context.json(await control.keeping.snapshot(name), 201);
  });
  app.delete(`${root}/snapshots/:name`, async (context) => {
    await control.keeping.removeSnapshot(context.req.param("name"));
    return context.body(null, 204);
  });
  app.post(`${root}/restore`, async (context) => {
    const { name } = await decodeBody(Named, context);
    return context.json(await control.keeping.restore(name));
  });
  app.get(`${root}/export`, async (context) => {
    const { snapshot } = decodeQuery(z.strictObject({ snapshot: Name.optional() }), context);
    const bytes = await control.keeping.export(snapshot);
    return context.body(new Uint8Array(bytes), 200, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${snapshot ?? "lab"}.pippin-lab"`,
    });
  });
  app.post(`${root}/import`, async (context) => {
    const { name: _, ...facts } = await control.keeping.import(await readBytes(context, importBytesMax));
    return context.json(facts);
  });
  app.post(`${root}/reset`, async (context) => {
    await decodeBody(Nothing, context);
    return context.json(await control.keeping.reset());
  });
}
