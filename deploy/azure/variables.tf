variable "subscription_id" {
  description = "The subscription that pays."
  type        = string
}

variable "location" {
  description = "The region; AKS needs 4 vCPU of its quota, Container Apps none."
  type        = string
  default     = "westeurope"
}

variable "name" {
  description = "What everything is called; with `content` it names the storage account, so lower case letters and digits."
  type        = string
  default     = "blobcast"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,16}$", var.name))
    error_message = "3 to 17 lower case letters and digits, a letter first."
  }
}

variable "host" {
  description = "Where Blobcast runs: `container-apps`, which scales to zero, or `aks`."
  type        = string
  default     = "container-apps"

  validation {
    condition     = contains(["container-apps", "aks"], var.host)
    error_message = "container-apps or aks."
  }
}

variable "image" {
  description = "The image, best by its digest (container-apps alone; with aks, kustomize has it)."
  type        = string
  default     = "ghcr.io/blobcast/blobcast:0.1.0"
}

variable "repository" {
  description = "owner/name of the repository whose environment `production` may deploy; empty: none may."
  type        = string
  default     = ""
}

variable "editors" {
  description = "Object ids of the users or groups who may publish content."
  type        = set(string)
  default     = []
}

variable "administrators" {
  description = "Object ids of the groups who administer the cluster (aks alone)."
  type        = list(string)
  default     = []
}
