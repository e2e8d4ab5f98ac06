/** What is wrong with the token, or soon will be, loud and on every page. */
import type { Message } from "../../../shared/web/messages.ts";
import { useSay } from "../../../shared/web/preferences.ts";
import type { VppPage } from "../../api/vpp-routes.ts";
import { useFormat } from "./core/format.ts";
import { useResource } from "./core/resource.ts";
import { href } from "./core/router.ts";
import { banner } from "./messages/banner.ts";

type Warning = NonNullable<NonNullable<VppPage["account"]>["warning"]>;

const texts: Readonly<Record<Warning["code"], Message>> = {
  token_expiring: banner.expiring,
  token_expired: banner.expired,
  token_revoked: banner.revoked,
  token_unknown: banner.unknown,
  token_claimed_elsewhere: banner.claimed,
  token_missing: banner.missing,
};

export function TokenBanner() {
  const say = useSay();
  const format = useFormat();
  const { data } = useResource<VppPage>("/api/v1/vpp", ["account", "syncs"]);
  const account = data?.account;
  const warning = account?.warning;
  if (!account || !warning) return null;
  const isLoud = warning.code !== "token_expiring" || (warning.days ?? 30) <= 7;
  return (
    <div class={`notice ${isLoud ? "bad" : "warn"}`} role="alert">
      <strong>
        {say(texts[warning.code], {
          organisation: account.organisation,
          date: format.date(account.expiresAt),
          other: account.claimedBy ?? "?",
        })}
      </strong>{" "}
      <a href={href("/vpp")}>{say(banner.toPage)}</a>
    </div>
  );
}
