# No secret: there is none.
output "storage_account" {
  description = "AZURE_STORAGE_ACCOUNT_NAME, for the overlay and for `blobcast publish`."
  value       = azurerm_storage_account.content.name
}

output "client_id" {
  description = "AZURE_CLIENT_ID, for the ServiceAccount of the overlay aks-workload-identity."
  value       = azurerm_user_assigned_identity.blobcast.client_id
}

output "pipeline_client_id" {
  description = "The variable AZURE_CLIENT_ID of the repository's environment `production`."
  value       = one(azurerm_user_assigned_identity.pipeline[*].client_id)
}

output "url" {
  description = "Where Container Apps answers."
  value       = one([for app in azurerm_container_app.blobcast : "https://${app.ingress[0].fqdn}"])
}
