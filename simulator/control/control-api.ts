/** The lab's control API: phones in the hand, the clock, and the lab as a whole. */
import { Hono } from "hono";
import { PippinError } from "../../shared/errors.ts";
import { toProblemResponse } from "../../shared/problem-document.ts";
import { bearsKey } from "../bearer-key.ts";
import { ApiError } from "../json-client.ts";
import { clockRoutes } from "./clock-routes.ts";
import type { ControlledLab } from "./controlled-lab.ts";
import type { FleetMetrics } from "./fleet-metrics.ts";
import { labRoutes } from "./lab-routes.ts";
import { phoneRoutes } from "./phone-routes.ts";

export interface ControlParts {
  readonly control: ControlledLab;
  readonly metrics: FleetMetrics;
}

/** Answers one request at a time or many; never throws. */
export function createControlApi(
  parts: ControlParts,
  key: string,
): (request: Request) => Response | Promise<Response> {
  const { control, metrics } = parts;
  const app = new Hono();
  app.onError((error) => {
    if (error instanceof ApiError) return toProblemResponse(passedOn(error));
    if (!(error instanceof PippinError))
      control.lab.recorder.record("internal.error", { where: "lab", error: error.stack ?? error.message });
    return toProblemResponse(error);
  });
  app.use(async (context, next) => {
    if (!bearsKey(context.req.header("authorization"), key))
      throw new PippinError("unauthorized", "Expected the lab's key as a bearer token.");
    await next();
  });
  app.get("/metrics", async (context) =>
    context.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );
  labRoutes(app, control);
  clockRoutes(app, control);
  phoneRoutes(app, control);
  app.all("*", () => {
    throw new PippinError("route_not_found", "The lab has no such route.");
  });
  return (request) => app.fetch(request);
}

/** What the server or Apple refused of that which the lab asked of it. */
function passedOn({ code, message, status }: ApiError): PippinError {
  const known = code === "not_found" || code === "limit_exceeded" ? code : "conflict";
  return new PippinError(known, message, { details: { serverCode: code, serverStatus: status } });
}
