import { HttpApiBuilder } from "@effect/platform"
import { Effect } from "effect"
import { DevicesApi } from "./api.js"
import { setSession } from "./cookie.js"
import { Demo } from "./demo.js"
import { html } from "./html.js"
import { respond, seeOther } from "./layout.js"

const signInPage = (browsers: Demo["browsers"], isSignedOut: boolean) =>
  respond({
    title: "Sign in",
    notice: isSignedOut ? { sentence: "You are signed out on this device." } : undefined,
    content: html`<p class="soft">This is a demo, with a Clerk in memory. Which browser would you like to be?</p>
<form method="post" action="/sign-in" class="choices">
${browsers.map(({ key, name }) => html`<button class="plain" name="browser" value="${key}">${name}</button>`)}
</form>`
  })

/** Replaces the sign-in of Clerk's front end, at the origin of the application. */
export const signInLive = (origin: string) =>
  HttpApiBuilder.group(DevicesApi, "signIn", (handlers) =>
    Effect.map(Demo, ({ browsers, signIn }) =>
      handlers
        .handle("choose", ({ urlParams }) => Effect.succeed(signInPage(browsers, urlParams.done === "here")))
        .handle("enter", ({ payload }) =>
          Effect.map(signIn(payload.browser, origin), (token) => setSession(seeOther("/"), token))
        )
    )
  )
