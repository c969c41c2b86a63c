# No cluster, no quota of vCPUs, nothing to pay while nobody asks.
resource "azurerm_container_app_environment" "blobcast" {
  count               = var.host == "container-apps" ? 1 : 0
  name                = var.name
  resource_group_name = azurerm_resource_group.blobcast.name
  location            = azurerm_resource_group.blobcast.location
  # No workspace: logs are read as they come, `az containerapp logs show`, and nothing is paid by the gigabyte.
}

resource "azurerm_container_app" "blobcast" {
  count                        = var.host == "container-apps" ? 1 : 0
  name                         = var.name
  container_app_environment_id = azurerm_container_app_environment.blobcast[0].id
  resource_group_name          = azurerm_resource_group.blobcast.name
  revision_mode                = "Single"

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.blobcast.id]
  }

  ingress {
    external_enabled           = true
    allow_insecure_connections = false
    target_port                = 5000
    transport                  = "http"

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }

  template {
    min_replicas                     = 0
    max_replicas                     = 3
    termination_grace_period_seconds = 30

    http_scale_rule {
      name                = "requests"
      concurrent_requests = "100"
    }

    container {
      name   = "blobcast"
      image  = var.image
      cpu    = 0.25
      memory = "0.5Gi"

      env {
        name  = "AZURE_STORAGE_ACCOUNT_NAME"
        value = azurerm_storage_account.content.name
      }

      env {
        name  = "AZURE_CLIENT_ID"
        value = azurerm_user_assigned_identity.blobcast.client_id
      }

      env {
        name  = "BLOBCAST__SERVER__WORKERS"
        value = "1"
      }

      liveness_probe {
        transport               = "HTTP"
        port                    = 9090
        path                    = "/healthz"
        timeout                 = 3
        failure_count_threshold = 6
      }

      readiness_probe {
        transport               = "HTTP"
        port                    = 9090
        path                    = "/readyz"
        interval_seconds        = 5
        timeout                 = 3
        success_count_threshold = 1
      }
    }
  }

  lifecycle {
    # The pipeline puts new images into service.
    ignore_changes = [template[0].container[0].image]
  }

  depends_on = [azurerm_role_assignment.reader]
}
