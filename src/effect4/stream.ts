export { paginate } from "effect/Stream"
