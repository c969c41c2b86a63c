# Who Blobcast is: it may read blobs of the one container, and nothing else anywhere.
resource "azurerm_user_assigned_identity" "blobcast" {
  name                = "${var.name}-reader"
  resource_group_name = azurerm_resource_group.blobcast.name
  location            = azurerm_resource_group.blobcast.location
}

resource "azurerm_role_assignment" "reader" {
  scope                = azurerm_storage_container.content.resource_manager_id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_user_assigned_identity.blobcast.principal_id
}

# The pod's ServiceAccount is that identity, without a secret.
resource "azurerm_federated_identity_credential" "pod" {
  count               = var.host == "aks" ? 1 : 0
  name                = "pod"
  resource_group_name = azurerm_resource_group.blobcast.name
  parent_id           = azurerm_user_assigned_identity.blobcast.id
  audience            = ["api://AzureADTokenExchange"]
  issuer              = azurerm_kubernetes_cluster.blobcast[0].oidc_issuer_url
  subject             = "system:serviceaccount:blobcast:blobcast"
}

# Who the pipeline is: it may put a new image into service.
resource "azurerm_user_assigned_identity" "pipeline" {
  count               = var.repository == "" ? 0 : 1
  name                = "${var.name}-pipeline"
  resource_group_name = azurerm_resource_group.blobcast.name
  location            = azurerm_resource_group.blobcast.location
}

resource "azurerm_federated_identity_credential" "pipeline" {
  count               = var.repository == "" ? 0 : 1
  name                = "production"
  resource_group_name = azurerm_resource_group.blobcast.name
  parent_id           = azurerm_user_assigned_identity.pipeline[0].id
  audience            = ["api://AzureADTokenExchange"]
  issuer              = "https://token.actions.githubusercontent.com"
  subject             = "repo:${var.repository}:environment:production"
}

locals {
  pipeline = var.repository == "" ? {} : var.host == "aks" ? {
    "Azure Kubernetes Service Cluster User Role" = azurerm_kubernetes_cluster.blobcast[0].id
    "Azure Kubernetes Service RBAC Writer"       = "${azurerm_kubernetes_cluster.blobcast[0].id}/namespaces/blobcast"
    } : {
    "Container Apps Contributor" = azurerm_container_app.blobcast[0].id
  }
}

resource "azurerm_role_assignment" "pipeline" {
  for_each             = local.pipeline
  scope                = each.value
  role_definition_name = each.key
  principal_id         = azurerm_user_assigned_identity.pipeline[0].principal_id
}
