/*
 * Groups of gcloud commands: words that are no command themselves wherever they stand, of the products that operations
 * meet. A word that is not here, in front of a verb, may be a command that nobody classified.
 */

const lines = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Words that are groups wherever they stand. */
export const groups: ReadonlySet<string> = new Set(
  lines(`
accelerator-types access-context-manager accounts address-groups addresses admin-clusters all-instances-config
anywhere-caches api-configs api-gateway api-keys apis app app-profiles application-default artifacts asset
associated-projects attached attachments attestations attestors audit-logs-provider authorization-code
authorization-policies authorized-orgs authorized-views autokey-config automation-runs automations
autoscaling-policies aws azure backend-authentication-configs backend-buckets backend-services backup-collections
backup-schedules backups bare-metal batch batch-operations batches bigtable billing binauthz bindings blocks buckets
budgets builds bulk bundles certificate-manager certificates changes channel-connections channels client-certs
client-tls-policies clients cloud-bindings cloudrun clusters clusterupgrade cmek-config commitments components
composer composite conditions config configs connections connectivity-tests connectors container content credentials
custom-intercept custom-mirroring custom-target-types dags dashboards databases dataflow dataplane-v2-encryption
dataproc datastore ddl dedicated delegated-sub-prefixes delivery-pipelines deploy-policies deployment
deployment-manager deployments details disk-types disks dns-authorizations dns-keys domain-mappings domains dry-run
ekm-config ekm-connections endpoint-policies endpoints enterprise-certificate-config entries environments event-types
eventarc execution-groups executions external-vpn-gateways features feeds fields files filestore firestore
firewall-endpoint-associations firewall-endpoints firewall-policies firewall-rules flags fleet fleetobservability
flex-template folders forwarding-rules functions gateway-security-policies gateways generic gke go google-channels
google-domains-dns groups grpc-routes health-checks hmac holds hot-tablets http-health-checks http-routes
https-health-checks hub hubs identity-service images import-jobs indexes ingress insights instance-configs
instance-groups instance-partitions instance-templates instances instant-snapshots intercept-deployment-groups
intercept-deployments intercept-endpoint-group-associations intercept-endpoint-groups interconnects internal-ranges
inventories inventory inventory-reports issuance-configs job-runs jobs key-handles keyrings keys kms levels
linked-interconnect-attachments linked-producer-vpc-network linked-router-appliances linked-vpc-network
linked-vpn-tunnels links lite-operations lite-reservations lite-subscriptions lite-topics locations logging
logical-views logs machine-images machine-types macsec managed managed-folders managed-identities managed-zones
manifests maps materialized-views memberships memcache mesh meshes message-transforms method-names
mirroring-deployment-groups mirroring-deployments mirroring-endpoint-group-associations mirroring-endpoint-groups
mirroring-rules monitoring multi-cluster-services namespaces nats network-attachments network-connectivity
network-edge-security-services network-endpoint-groups network-firewall-policies network-interfaces network-profiles
network-security network-services networks node-groups node-pools node-templates node-types notifications
oauth-clients objects operations ops-agents org-address-groups org-policies organizations os-config os-inventory
os-login os-policy-assignment-reports os-policy-assignments packages packet-mirrorings partner patch-deployments
patch-jobs peered-dns-domains peerings perimeters plugins policies policy policy-based-routes policy-bindings
policy-orchestrators policycontroller principal-access-boundary-policies print-settings project-configs
project-feature-settings project-info project-zonal-metadata projects providers public-advertised-prefixes
public-delegated-prefixes public-keys queued-resources queues rbacrolebindingactuation rbacrolebindings record-sets
redis regional-endpoints regions registrations releases remote-locations replication repos repositories reservations
resize-requests resource-descriptors resource-manager resource-policies resources response-policies revisions roles
rolling-action rollouts route-tables route-views routers rows rules runtimes samples saved-queries sbom scheduler
schedules schemas scopes secrets security-policies security-profile-groups security-profiles server-ca-certs
server-certs server-tls-policies service-accounts service-attachments service-bindings service-connection-policies
service-directory service-identity service-lb-policies service-names services sessions settings shared-vpc simulator
sinks snapshot-settings snapshots snoozes sole-tenancy source spanner splits spokes ssh-keys ssl-certificates
ssl-certs ssl-policies storage storage-pool-types storage-pools sub-blocks subjects subnets subscriptions
support-access supported-services tables tags target-grpc-proxies target-http-proxies target-https-proxies
target-instances target-pools target-ssl-proxies target-tcp-proxies target-vpn-gateways targets tasks tcp-routes
templates threat-prevention tiers tls-inspection-policies tls-routes topics topologies tpu-vm tpus transaction
triggers trust-configs ttls types unmanaged uptime url-lists url-maps user-workloads-config-maps
user-workloads-secrets users values versions views vmware vpc-access vpc-flow-logs-configs vpc-peerings vpcsc-config
vpn-gateways vpn-tunnels vulnerabilities vulnerability-reports worker-pools workflow-templates workflows
workforce-pools workload-identity-pools yaml zones
`),
);

/** Words that are groups in front, and commands elsewhere (`gcloud run services list`, `gcloud workflows run`). */
export const firstGroups: ReadonlySet<string> = new Set(
  lines('alloydb auth bq compute deploy dns iam network-management pubsub run sql'),
);

/** Pairs in which the second word is a group, and a command elsewhere. */
export const pairedGroups: ReadonlySet<string> = new Set([
  ...[
    'artifacts docker',
    'artifacts apt',
    'artifacts yum',
    'compute routes',
    'config configurations',
    'logging metrics',
  ],
]);
