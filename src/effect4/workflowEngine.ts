export * from "effect/workflow/WorkflowEngine"
