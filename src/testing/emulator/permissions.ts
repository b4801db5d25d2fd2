import { visibleText } from "../../core/redaction/redact.js"
import type { InputIssue } from "../input.js"
import type { CreateOrganizationOptions } from "./inputs.js"

/**
 * Finds the permissions of an organization that no token can state. A token of version 2 states a permission as a bit of
 * one of the organization's features. `path` is that of the organization in the input, with a dot at its end.
 */
export const permissionIssues = (
  { features = [], members = [] }: CreateOrganizationOptions,
  path: string
): ReadonlyArray<InputIssue> =>
  members.flatMap(({ permissions = [] }, member) =>
    permissions.flatMap((permission, index): ReadonlyArray<InputIssue> => {
      const [, feature] = /^org:([\w-]{1,64}):[\w-]{1,64}$/.exec(permission) ?? []
      if (feature !== undefined && features.includes(feature)) return []
      return [
        {
          path: `${path}members.${member}.permissions.${index}`,
          rule:
            feature === undefined
              ? "must have the form org:<feature>:<permission>"
              : `needs the feature ${visibleText(feature)} in ${path}features`
        }
      ]
    })
  )
