import { Effect } from "effect"
import { setCookies } from "./cookie.js"
import { type Browser, browserName, browsers, signIn } from "./demo.js"
import { html } from "./html.js"
import { respond, seeOther } from "./layout.js"

/** A public page. It replaces Clerk's own sign-in, which is not part of an application. */
export const signInPage = (isDone: boolean): Response =>
  respond({
    title: "Sign in",
    notice: isDone ? { sentence: "You have signed out on this device." } : undefined,
    content: html`<p class="soft">This demo uses a Clerk in memory. Choose the browser to sign in with.</p>
<form method="post" action="/sign-in" class="choices">
${browsers.map(
  (key) => html`<button class="plain" name="browser" value="${key}">${browserName(key)}</button>`
)}
</form>`
  })

/** Replaces the sign-in of Clerk's front end, at the origin of the application. */
export const enter = (browser: Browser, origin: string) =>
  Effect.map(signIn(browser, origin), (cookies) => setCookies(seeOther("/"), cookies))
