export {
  Dispatcher,
  layer as layerNodeHttp,
  layerUndici,
  layerUndiciWithoutDispatcher
} from "@effect/platform-node/NodeHttpClient"
export * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
export * as Undici from "@effect/platform-node/Undici"
