// Asks one server, with a token, by the two HTTP clients for Prometheus that npm has; prints what they understood as JSON.
const { PrometheusDriver } = require('prometheus-query')
const { HTTPPrometheusClient } = require('@prometheus-io/codemirror-promql/dist/cjs/client/prometheus.js')

async function driver (endpoint, token) {
  const client = new PrometheusDriver({ endpoint, baseURL: '/api/v1', auth: { username: 'grafana', password: token } })
  const end = new Date()
  const start = new Date(end - 60000)
  return {
    instant: (await client.instantQuery('probe_success{check="self"}')).result.map(one => [one.metric.labels, one.value.value]),
    range: (await client.rangeQuery('cpu_count', start, end, 5)).result.map(one => one.values.length > 0),
    series: (await client.series(['probe_success'], start, end)).map(one => one.labels.check),
    names: await client.labelNames(),
    values: await client.labelValues('check'),
    alerts: (await client.alerts()).map(one => one.labels.alertname),
    rules: (await client.rules()).map(group => group.name),
    targets: (await client.targets()).activeTargets.map(one => one.labels.check)
  }
}

async function editor (url, token, httpMethod) {
  const errors = []
  const fetchFn = (input, init = {}) => fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } })
  const client = new HTTPPrometheusClient({ url, fetchFn, httpMethod, httpErrorHandler: error => errors.push(String(error)) })
  const found = {
    metrics: await client.metricNames('probe_'),
    names: await client.labelNames('probe_success'),
    values: await client.labelValues('check', 'probe_success'),
    metadata: (await client.metricMetadata()).probe_success,
    series: (await client.series('probe_success')).map(one => one.check)
  }
  return { ...found, errors, flags: await client.flags() }
}

async function main (url, token) {
  const editors = { editor: await editor(url, token, 'POST'), editor_get: await editor(url, token, 'GET') }
  console.log(JSON.stringify({ driver: await driver(url, token), ...editors }))
}

main(process.argv[2], process.argv[3]).catch(error => { console.error(error); process.exit(1) })
