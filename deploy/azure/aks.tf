# One node of 2 vCPU, and one more while it is upgraded: 4 vCPU of the region, the quota of a new subscription.
resource "azurerm_kubernetes_cluster" "blobcast" {
  #checkov:skip=CKV_AZURE_4:Container Insights is paid by the gigabyte; deploy/monitoring watches
  #checkov:skip=CKV_AZURE_6:the pipeline's addresses are not known; sign-in is by Entra ID alone
  #checkov:skip=CKV_AZURE_115:the same
  #checkov:skip=CKV_AZURE_116:Azure Policy's pods would take most of the one node; the namespace enforces `restricted`
  #checkov:skip=CKV_AZURE_117:nothing is kept on the disks
  #checkov:skip=CKV_AZURE_168:30 pods on one node of this size are enough
  #checkov:skip=CKV_AZURE_170:the free tier is the choice; the paid one costs more than the node
  #checkov:skip=CKV_AZURE_172:there are no secrets of a vault
  #checkov:skip=CKV_AZURE_226:the sizes that fit the quota have no room for an ephemeral disk
  #checkov:skip=CKV_AZURE_227:nothing is kept on the disks; encryption at the host must first be turned on in the subscription
  #checkov:skip=CKV_AZURE_232:one node runs all
  #checkov:skip=CKV2_AZURE_29:pods have addresses of their own, which would need a network of that size
  count                     = var.host == "aks" ? 1 : 0
  name                      = var.name
  resource_group_name       = azurerm_resource_group.blobcast.name
  location                  = azurerm_resource_group.blobcast.location
  dns_prefix                = var.name
  sku_tier                  = "Free"
  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "NodeImage"
  oidc_issuer_enabled       = true
  workload_identity_enabled = true
  local_account_disabled    = true

  default_node_pool {
    name            = "system"
    vm_size         = "Standard_B2s_v2"
    node_count      = 1
    max_pods        = 30
    os_disk_size_gb = 32

    upgrade_settings {
      max_surge = "1"
    }
  }

  identity {
    type = "SystemAssigned"
  }

  azure_active_directory_role_based_access_control {
    azure_rbac_enabled     = true
    admin_group_object_ids = var.administrators
  }

  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_data_plane  = "cilium"
    network_policy      = "cilium"
  }
}
