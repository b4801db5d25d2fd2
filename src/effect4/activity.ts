export * from "effect/workflow/Activity"
