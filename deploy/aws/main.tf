# The archive's bucket, and the two policies for those who use it. The policies are files of their own, which the tests read
# and try out on a real server.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "bucket" {
  description = "Name of the bucket; it holds the archive and nothing else"
  type        = string
}

variable "retention_days" {
  description = "How long each object is locked; the same number as `retentionDays` in the recorder's configuration"
  type        = number
  default     = 400

  validation {
    condition     = var.retention_days >= 90
    error_message = "A record is kept for at least 90 days."
  }
}

locals {
  filled = { bucket_arn = aws_s3_bucket.archive.arn, retention_days = var.retention_days }
}

resource "aws_s3_bucket" "archive" {
  bucket              = var.bucket
  object_lock_enabled = true
}

resource "aws_s3_bucket_versioning" "archive" {
  bucket = aws_s3_bucket.archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "archive" {
  bucket     = aws_s3_bucket.archive.id
  depends_on = [aws_s3_bucket_versioning.archive]

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.retention_days
    }
  }
}

resource "aws_s3_bucket_public_access_block" "archive" {
  bucket                  = aws_s3_bucket.archive.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "archive" {
  bucket     = aws_s3_bucket.archive.id
  policy     = templatefile("${path.module}/bucket-policy.json", local.filled)
  depends_on = [aws_s3_bucket_public_access_block.archive]
}

resource "aws_iam_policy" "recorder" {
  name        = "${var.bucket}-recorder"
  description = "Puts, lists and reads records; for the recorder alone"
  policy      = templatefile("${path.module}/recorder-policy.json", local.filled)
}

resource "aws_iam_policy" "auditor" {
  name        = "${var.bucket}-auditor"
  description = "Lists and reads records"
  policy      = templatefile("${path.module}/auditor-policy.json", local.filled)
}

output "recorder_policy_arn" {
  value = aws_iam_policy.recorder.arn
}

output "auditor_policy_arn" {
  value = aws_iam_policy.auditor.arn
}
