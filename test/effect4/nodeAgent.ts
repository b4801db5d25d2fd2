import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"

/** `node:http` with connections that stay open. */
export const layerKeepAlive = NodeHttpClient.layerNodeHttpOptions({ keepAlive: true })
