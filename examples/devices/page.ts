import { DateTime } from "effect"
import type { Session, SessionActivity } from "effect-clerk"
import { type Html, html } from "./html.js"
import { type Notice, respond } from "./layout.js"

/** The sessions of a user that are signed in, and the one that shows the page. */
export interface Devices {
  readonly current: Session
  readonly others: ReadonlyArray<Session>
}

const listed = (...words: ReadonlyArray<string | undefined>) =>
  words.filter((word) => word !== undefined && word !== "").join(", ")

type Activity = Omit<SessionActivity, "id">

export const deviceName = (activity: Activity | undefined): string => {
  if (activity === undefined) return "Unknown device"
  const { browserName = "A browser", deviceType, isMobile } = activity
  return `${browserName} on ${deviceType ?? (isMobile ? "a mobile device" : "a computer")}`
}

export const placeName = (activity: Activity | undefined): string =>
  listed(activity?.city, activity?.country) || "Unknown place"

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000]
] as const

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" })

const ago = (then: DateTime.Utc, now: DateTime.Utc): string => {
  const millis = DateTime.toEpochMillis(then) - DateTime.toEpochMillis(now)
  const [unit, size] = units.find(([, size]) => Math.abs(millis) >= size) ?? ["second", Infinity]
  return relative.format(Math.trunc(millis / size), unit)
}

const exact = (time: DateTime.Utc) =>
  DateTime.formatUtc(time, { locale: "en-GB", dateStyle: "medium", timeStyle: "short" })

const badge = (text: string) => html` <span class="badge">${text}</span>`

const device = (
  { id, lastActiveAt, latestActivity, status }: Session,
  now: DateTime.Utc,
  isCurrent: boolean
): Html => {
  const name = deviceName(latestActivity)
  const place = placeName(latestActivity)
  return html`<li${isCurrent ? html` aria-current="true"` : ""}>
<div>
<h2>${name}${isCurrent ? badge("This device") : status === "pending" ? badge("Sign-in incomplete") : ""}</h2>
<p>${listed(place, latestActivity?.ipAddress)}</p>
<p class="soft">Last active
<time datetime="${DateTime.formatIso(lastActiveAt)}">${ago(lastActiveAt, now)} (${exact(lastActiveAt)} UTC)</time></p>
</div>
<form method="post" action="/devices/${id}/revoke">
<button>Sign out<span class="unseen"> ${`${name}, ${place}`}</span></button>
</form>
</li>`
}

const othersForm = html`<form method="post" action="/devices/revoke-others">
<button class="all">Sign out all other devices</button>
</form>`

export const devicesPage = ({ current, others }: Devices, now: DateTime.Utc, notice: Notice | undefined) =>
  respond({
    title: "Your devices",
    notice,
    content: html`<p class="soft">You are signed in on these devices. Sign out any that you do not recognize.</p>
<ul class="devices">
${[device(current, now, true), ...others.map((session) => device(session, now, false))]}
</ul>
${others.length > 0 ? othersForm : undefined}`
  })

/** The page without devices: the error, and a link. */
const noticePage = (notice: Notice, wayOn: Html) =>
  respond({ title: "Your devices", notice, content: html`<p>${wayOn}</p>` })

export const problemPage = (notice: Notice) => noticePage(notice, html`<a href="/">Back to your devices</a>`)

export const signInAgainPage = (notice: Notice) =>
  noticePage(notice, html`<a href="/sign-in">Sign in again</a>`)
