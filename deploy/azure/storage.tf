resource "azurerm_resource_group" "blobcast" {
  name     = var.name
  location = var.location
}

# Public content by its nature, so one copy in one region and Microsoft's keys do; what it must not have is a key that opens it
# for writing, and an anonymous door.
resource "azurerm_storage_account" "content" {
  #checkov:skip=CKV_AZURE_206:one region; the content is in its editors' repository as well
  #checkov:skip=CKV_AZURE_33:there are no queues
  #checkov:skip=CKV_AZURE_59:editors publish from where they are, by identity; a private network would cost more than all else here
  #checkov:skip=CKV2_AZURE_33:the same
  #checkov:skip=CKV2_AZURE_1:the content is public
  #checkov:skip=CKV2_AZURE_41:there are no signatures: shared keys are off
  name                            = "${var.name}content"
  resource_group_name             = azurerm_resource_group.blobcast.name
  location                        = azurerm_resource_group.blobcast.location
  account_kind                    = "StorageV2"
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  access_tier                     = "Hot"
  min_tls_version                 = "TLS1_2"
  https_traffic_only_enabled      = true
  allow_nested_items_to_be_public = false
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  local_user_enabled              = false

  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 7
    }

    container_delete_retention_policy {
      days = 7
    }
  }
}

resource "azurerm_storage_container" "content" {
  #checkov:skip=CKV2_AZURE_21:a log of every read would cost more than the reads
  name                  = "content"
  storage_account_id    = azurerm_storage_account.content.id
  container_access_type = "private"
}

# Old versions are for a mistake of this month.
resource "azurerm_storage_management_policy" "versions" {
  storage_account_id = azurerm_storage_account.content.id

  rule {
    name    = "versions"
    enabled = true

    filters {
      blob_types = ["blockBlob"]
    }

    actions {
      version {
        delete_after_days_since_creation = 30
      }
    }
  }
}

resource "azurerm_role_assignment" "editors" {
  for_each             = var.editors
  scope                = azurerm_storage_container.content.resource_manager_id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = each.value
}
