/** The enrolment pages of the server: the profile behind a link, and the certificate that it leads to. */
import { Hono } from "hono";
import { signCms } from "../../shared/certificates.ts";
import { PippinError } from "../../shared/errors.ts";
import { encodePlist, type PlistDictionary } from "../../shared/plist.ts";
import { readBytes } from "../api/request-body.ts";
import type { ServerContext } from "../context.ts";
import type { DeviceAuthority } from "./authority.ts";
import { enrollmentPath, findEnrollmentToken } from "./enrollment-token.ts";
import { enrollmentChallenge, issueIdentity } from "./identity.ts";
import { buildEnrollmentProfile } from "./profile.ts";

const signingRequestBytesMax = 16 * 1024;

export interface EnrollmentAppOptions {
  readonly context: ServerContext;
  readonly authority: DeviceAuthority;
  /** Where phones reach this server, e.g. `http://127.0.0.1:8080`. Asked at each use: the port may be known late. */
  publicUrl(): string;
  /** Where phones open their channel, e.g. `ws://127.0.0.1:8080/mdm/channel`. */
  serverUrl(): string;
}

/** To be mounted at `/enroll`. Refusals are thrown as PippinError, for the app that mounts it to answer. */
export function createEnrollmentApp(options: EnrollmentAppOptions): Hono {
  const { context, authority } = options;
  const app = new Hono();

  const sign = (profile: PlistDictionary): Buffer =>
    signCms(encodePlist(profile, "plist-xml"), authority, context.world.now());

  app.get("/:token", async (c) => {
    const token = c.req.param("token");
    const record = await context.store.read((reader) =>
      findEnrollmentToken(reader, token, context.world.now()),
    );
    const { profile, redacted } = buildEnrollmentProfile(context.world, {
      authority,
      serverUrl: options.serverUrl(),
      identityUrl: `${options.publicUrl()}${enrollmentPath}/${token}/identity`,
      challenge: enrollmentChallenge(authority, record.id),
    });
    if (context.recorder.keepsWire) {
      // Inside a signature nothing can be blackened later, so what goes into the trace is signed without the secrets.
      const bytes = sign(redacted);
      context.recorder.wire({ channel: "mdm", from: "server", to: "phone", format: "cms", bytes });
    }
    return c.body(new Uint8Array(sign(profile)), 200, {
      "Content-Type": "application/x-apple-aspen-config",
      "Content-Disposition": 'attachment; filename="pippin.mobileconfig"',
      "Cache-Control": "no-store",
    });
  });

  app.post("/:token/identity", async (c) => {
    const contentType = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase();
    if (contentType !== "application/pkcs10") {
      throw new PippinError("unsupported_media_type", "Expected a signing request as application/pkcs10.");
    }
    const [scheme, challenge] = (c.req.header("Authorization") ?? "").split(" ");
    const certificate = await issueIdentity(context, authority, {
      token: c.req.param("token"),
      challenge: scheme?.toLowerCase() === "bearer" ? (challenge ?? "") : "",
      signingRequest: await readBytes(c.req.raw, signingRequestBytesMax),
    });
    return c.body(new Uint8Array(certificate), 200, {
      "Content-Type": "application/pkix-cert",
      "Cache-Control": "no-store",
    });
  });
  return app;
}
