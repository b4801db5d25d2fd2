export { effect as scoped } from "effect/Layer"
