"""Twenty-five resources of AWS that a Terraform state manages: by the real Terraform and its AWS provider where a mirror of that is here,
else made with boto3 and written into a state as Terraform would."""

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.components.moto import client
from tests.components.needed import COMPONENTS
from tests.components.programs import TERRAFORM_PLUGINS
from tests.components.terraform import Workspace
from tests.tour.records import ACCOUNT

INSIDE = "10.0.0.0/8"
GROUP = "managed-front"
_FLAGS = 24
_SERVICES = ("ec2", "iam", "ssm", "sts")
_CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
%(endpoints)s
  }
}
resource "aws_security_group" "front" {
  name        = "%(group)s"
  description = "front doors"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["%(inside)s"]
  }
}
resource "aws_ssm_parameter" "flag" {
  count = %(flags)d
  name  = "/shop/flag-${count.index}"
  type  = "String"
  value = "on"
}
"""


@dataclass(slots=True)
class ManagedResources:
    """`apply` makes them, and puts right what was changed by hand."""

    folder: Path
    moto_url: str
    group: str = ""
    _serial: int = 0
    _lineage: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def state(self) -> Path:
        return self.folder / "terraform.tfstate"

    def apply(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if COMPONENTS["terraform-aws"]():
            self._apply_in_its_stead()
        else:
            self._apply_for_real()
        groups = client(self.moto_url, "ec2").describe_security_groups(GroupNames=[GROUP])["SecurityGroups"]
        self.group = groups[0]["GroupId"]

    def _apply_for_real(self) -> None:
        settings = self.folder / "terraform.rc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{TERRAFORM_PLUGINS}" }}\n}}\n', encoding="utf-8")
        endpoints = "\n".join(f'    {service} = "{self.moto_url}"' for service in _SERVICES)
        configuration = _CONFIGURATION % {"endpoints": endpoints, "group": GROUP, "inside": INSIDE, "flags": _FLAGS}
        Workspace(self.folder, {"TF_CLI_CONFIG_FILE": str(settings)}, _ready=(self.folder / ".terraform").is_dir()).apply(configuration)

    def _apply_in_its_stead(self) -> None:
        ec2, ssm = client(self.moto_url, "ec2"), client(self.moto_url, "ssm")
        if not self.group:
            self.group = ec2.create_security_group(GroupName=GROUP, Description="front doors")["GroupId"]
            for number in range(_FLAGS):
                ssm.put_parameter(Name=f"/shop/flag-{number}", Type="String", Value="on")
        (found,) = ec2.describe_security_groups(GroupIds=[self.group])["SecurityGroups"]
        if found["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=self.group, IpPermissions=found["IpPermissions"])
        rule = {"from_port": 443, "to_port": 443, "protocol": "tcp", "cidr_blocks": [INSIDE]}
        ec2.authorize_security_group_ingress(GroupId=self.group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=INSIDE)
        arn = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/{self.group}"
        group = {"arn": arn, "id": self.group, "name": GROUP, "description": "front doors", "ingress": [rule]}
        flags = [
            {"arn": f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/shop/flag-{n}", "id": f"/shop/flag-{n}", "type": "String"}
            for n in range(_FLAGS)
        ]
        self._write([_resource("aws_security_group", "front", [group]), _resource("aws_ssm_parameter", "flag", flags, counted=True)])

    def _write(self, resources: list[dict[str, Any]]) -> None:
        self._serial += 1
        head = {"version": 4, "terraform_version": "1.11.4", "serial": self._serial, "lineage": self._lineage, "outputs": {}}
        self.state.write_text(json.dumps({**head, "resources": resources, "check_results": None}, indent=2), encoding="utf-8")


def _resource(kind: str, name: str, attributes: list[dict[str, Any]], *, counted: bool = False) -> dict[str, Any]:
    instances = [
        {**({"index_key": index} if counted else {}), "schema_version": 1, "attributes": one, "sensitive_attributes": []}
        for index, one in enumerate(attributes)
    ]
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'
    return {"mode": "managed", "type": kind, "name": name, "provider": provider, "instances": instances}
