export * from "@effect/workflow/Workflow"
