// Pipelines of leads on the emulators of a file's tests, without SQL.
import { createPipeline, type Pipeline, type PipelineOptions, type Role } from 'dreampipe'
import type { GoogleCloudOptions } from 'dreampipe/google-cloud'
import { closing, day, Lead, source } from '../flow/kit.ts'
import { onEmulators, type Hosts } from './kit.ts'

export const withoutSql: readonly Role[] = ['receiver', 'relay', 'views', 'subscriptions']

/** Opens a pipeline on a project of these hosts; it closes with the test. */
export const openOn =
  (hosts: Hosts) =>
  (
    projectId: string,
    driver: Partial<GoogleCloudOptions> = {},
    more: Partial<PipelineOptions> = {},
  ): Pipeline<typeof Lead> =>
    closing(createPipeline([Lead], { driver: onEmulators(hosts, projectId, driver), ...more }))

export const lead = (
  id: string,
  n: number,
  more: { readonly email?: string; readonly score?: number } = {},
) => Lead.toUpdate({ id, at: day(n), ...more }, source)
