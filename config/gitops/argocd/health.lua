-- The health of a Cluster or NodePool in Argo CD. The script checks deletionTimestamp
-- because a deletion can be stalled too, and Argo CD shows a deletion as Progressing.
local health = { status = "Progressing", message = "Waiting for HyperFleet" }
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end
if obj.status.ready == "True" then
  health.status = "Healthy"
end
for _, condition in ipairs(obj.status.conditions) do
  if condition.type == "Stalled" and condition.status == "True" and obj.metadata.deletionTimestamp == nil then
    return { status = "Degraded", message = condition.message }
  end
  if condition.type == "Ready" or condition.type == "Reconciled" then
    health.message = condition.message
  end
end
return health
