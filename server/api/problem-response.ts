/** Every refusal leaves as a problem document (RFC 9457) with the stable code of shared/errors.ts. */
import { z } from "@hono/zod-openapi";

export {
  invalidRequest,
  problemHeaders,
  problemMediaType,
  problemOf,
  toProblemResponse,
} from "../../shared/problem-document.ts";

const FieldError = z.strictObject({
  /** Dotted, from the part of the request: `body.users.3.email`. */
  path: z.string(),
  expected: z.string(),
});

export const Problem = z
  .looseObject({
    type: z.string().openapi({ example: "urn:pippin:problem:not_found" }),
    title: z.string().openapi({ example: "Not Found" }),
    status: z.number().int().openapi({ example: 404 }),
    code: z.string().openapi({ example: "not_found", description: "Stable; made for programs." }),
    detail: z.string().openapi({ example: "There is no user u-17.", description: "For people; may change." }),
    instance: z.string().optional().openapi({
      example: "urn:pippin:event:42",
      description: "The event of the request, as in /api/v1/events.",
    }),
    errors: z.array(FieldError).optional(),
  })
  .openapi("Problem");
